#version 430
// What is exactly where: thing number, distance along the view ray, and the way to the same point one frame earlier.
in vec3 v_world;
flat in float v_thing;
uniform vec3 eye;
out vec2 truth;

void main() {
    truth = vec2(v_thing, length(v_world - eye));
}
