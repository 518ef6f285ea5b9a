#version 430
in vec3 v_world;
in vec3 v_normal;
in vec3 v_uv;
out vec4 color;
uniform sampler2DArray pictures;
uniform float thing;
const float GLOSS = 0.03;
#include "light.glsl"

void main() {
    vec4 skin = texture(pictures, v_uv);
    if (skin.a < 0.42) discard;
    color = vec4(shade(skin.rgb, normalize(v_normal), v_world, GLOSS), thing > 0.5 ? 1.0 : 0.0);
}
