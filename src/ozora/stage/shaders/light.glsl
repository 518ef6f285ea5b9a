// Light that toys, troupe and ground share: sun with a soft shadow, sky and bounce light, fog, tone curve.
uniform vec3 sun;
uniform vec3 sun_color;
uniform vec3 ambient;
uniform vec3 bounce;
uniform vec3 fog_color;
uniform float fog_density;
uniform vec3 eye;
uniform mat4 to_shadow;
uniform vec2 shadow_tile; // which of the 8 x 8 maps of the atlas
uniform sampler2DShadow shadow_map;

float lit(vec3 world, float bias) {
    vec4 at = to_shadow * vec4(world, 1.0);
    vec3 p = at.xyz * 0.5 + 0.5;
    if (p.x < 0.01 || p.x > 0.99 || p.y < 0.01 || p.y > 0.99) return 1.0;
    float s = 1.2 / 2048.0; // texels of the atlas, which is 8 maps of 256 wide
    float z = p.z - bias;
    p.xy = (p.xy + shadow_tile) / 8.0;
    return 0.25 * (texture(shadow_map, vec3(p.xy + vec2(-s, -0.4 * s), z)) + texture(shadow_map, vec3(p.xy + vec2(0.4 * s, -s), z))
                 + texture(shadow_map, vec3(p.xy + vec2(s, 0.4 * s), z)) + texture(shadow_map, vec3(p.xy + vec2(-0.4 * s, s), z)));
}

vec3 haze(vec3 color, vec3 world) {
    float keep = exp(-fog_density * max(length(world - eye) - 4.0, 0.0));
    return mix(fog_color, color, keep);
}

vec3 tone(vec3 color) {
    return color / (1.0 + 0.16 * color * color);
}

vec3 shade(vec3 albedo, vec3 normal, vec3 world, float gloss) {
    if (gloss < 0.0) return tone(haze(albedo * 1.25, world));
    float facing = dot(normal, sun);
    float shadow = facing > 0.0 ? lit(world + normal * 0.06, 0.002) : 0.0;
    float direct = max(facing, 0.0) * shadow * 0.90 + 0.10 * (0.5 + 0.5 * facing);
    vec3 around = mix(bounce, ambient, 0.5 + 0.5 * normal.y);
    vec3 color = albedo * (sun_color * direct + around);
    vec3 view = normalize(eye - world);
    float shine = pow(max(dot(normal, normalize(sun + view)), 0.0), 36.0) * shadow;
    float rim = pow(1.0 - max(dot(normal, view), 0.0), 3.0);
    color += gloss * (sun_color * shine * 0.9 + ambient * rim * 0.35);
    color += albedo * ambient * rim * 0.18;
    return tone(haze(color, world));
}
