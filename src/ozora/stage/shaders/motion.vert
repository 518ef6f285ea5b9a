#version 430
// A part where it is, and where its points were one frame earlier.
layout(location = 0) in vec3 position;
layout(location = 2) in vec4 row0;
layout(location = 3) in vec4 row1;
layout(location = 4) in vec4 row2;
layout(location = 5) in vec4 before0;
layout(location = 6) in vec4 before1;
layout(location = 7) in vec4 before2;
uniform mat4 to_clip;
out vec3 v_world;
out vec3 v_before;

void main() {
    vec4 p = vec4(position, 1.0);
    v_world = vec3(dot(row0, p), dot(row1, p), dot(row2, p));
    v_before = vec3(dot(before0, p), dot(before1, p), dot(before2, p));
    gl_Position = to_clip * vec4(v_world, 1.0);
}
