#version 430
// A member of the troupe: four bones a vertex, bone matrices (rest -> world, three rows each) of all frames in one buffer.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in vec2 layer;
layout(location = 4) in uvec4 bones;
layout(location = 5) in vec4 weights;
layout(std430, binding = 0) readonly buffer Palette {
    vec4 rows[];
};
uniform mat4 to_clip;
uniform int first_bone;
uniform int first_bone_before;
out vec3 v_world;
out vec3 v_before;
out vec3 v_normal;
out vec2 v_uv;
flat out vec2 v_layer;

void blend(int first, out vec4 r0, out vec4 r1, out vec4 r2) {
    r0 = vec4(0.0), r1 = vec4(0.0), r2 = vec4(0.0);
    for (int i = 0; i < 4; i++) {
        if (weights[i] <= 0.0) continue;
        int at = 3 * (first + int(bones[i]));
        r0 += weights[i] * rows[at];
        r1 += weights[i] * rows[at + 1];
        r2 += weights[i] * rows[at + 2];
    }
}

void main() {
    vec4 r0, r1, r2, q0, q1, q2;
    blend(first_bone, r0, r1, r2);
    vec4 p = vec4(position, 1.0);
    v_world = vec3(dot(r0, p), dot(r1, p), dot(r2, p));
    v_normal = vec3(dot(r0.xyz, normal), dot(r1.xyz, normal), dot(r2.xyz, normal));
    blend(first_bone_before, q0, q1, q2); // the linker drops this where nothing reads it
    v_before = vec3(dot(q0, p), dot(q1, p), dot(q2, p));
    v_uv = uv;
    v_layer = layer;
    gl_Position = to_clip * vec4(v_world, 1.0);
}
