// A texel of a member, or nothing: in a dyed layer alpha says how little the dye shows, elsewhere it cuts holes.
in vec3 v_world;
in vec2 v_uv;
flat in vec2 v_layer;
uniform sampler2DArray pictures;

vec4 texel() {
    vec4 found = texture(pictures, vec3(v_uv, v_layer.x));
    if (v_world.y < -0.01 || (v_layer.y < 0.5 && found.a < 0.42)) discard;
    return found;
}
