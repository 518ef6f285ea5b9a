#version 430
uniform mat4 from_clip;
out vec3 v_far;

void main() {
    vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2) * 2.0 - 1.0;
    vec4 far = from_clip * vec4(corner, 1.0, 1.0);
    v_far = far.xyz / far.w;
    gl_Position = vec4(corner, 0.9999, 1.0);
}
