#version 430
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 row0;
layout(location = 3) in vec4 row1;
layout(location = 4) in vec4 row2;
layout(location = 5) in vec4 paint;
layout(location = 6) in float thing;
uniform mat4 to_clip;
out vec3 v_world;
out vec3 v_normal;
flat out vec4 v_paint;
flat out float v_thing;

void main() {
    vec4 p = vec4(position, 1.0);
    vec3 world = vec3(dot(row0, p), dot(row1, p), dot(row2, p));
    vec3 c0 = vec3(row0.x, row1.x, row2.x), c1 = vec3(row0.y, row1.y, row2.y), c2 = vec3(row0.z, row1.z, row2.z);
    v_normal = c0 * (normal.x / dot(c0, c0)) + c1 * (normal.y / dot(c1, c1)) + c2 * (normal.z / dot(c2, c2));
    v_world = world;
    v_paint = paint;
    v_thing = thing;
    gl_Position = to_clip * vec4(world, 1.0);
}
