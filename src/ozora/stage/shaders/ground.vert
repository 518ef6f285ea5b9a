#version 430
uniform mat4 to_clip;
uniform float back;
out vec3 v_world;

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    v_world = vec3(mix(-90.0, 90.0, corner.x), 0.0, mix(back, 12.0, corner.y));
    gl_Position = to_clip * vec4(v_world, 1.0);
}
