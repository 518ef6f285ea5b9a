#version 430
in vec3 v_world;
in vec3 v_normal;
flat in vec4 v_paint;
flat in float v_thing;
out vec4 color;
#include "light.glsl"

void main() {
    color = vec4(shade(v_paint.rgb, normalize(v_normal), v_world, v_paint.a), v_thing > 0.5 ? 1.0 : 0.0);
}
