#version 430
// What is exactly where: thing number and distance along the view ray.
in vec3 v_world;
in vec3 v_uv;
uniform sampler2DArray pictures;
uniform float thing;
uniform vec3 eye;
out vec2 truth;

void main() {
    if (texture(pictures, v_uv).a < 0.42) discard;
    truth = vec2(thing, length(v_world - eye));
}
