#version 430
in vec3 v_normal;
out vec4 color;
uniform float thing;
uniform vec3 dye;
const float GLOSS = 0.03;
#include "figure.glsl"
#include "light.glsl"

void main() {
    vec4 skin = texel();
    vec3 albedo = v_layer.y < 0.5 ? skin.rgb : skin.rgb * mix(dye, vec3(1.0), skin.a);
    color = vec4(shade(albedo, normalize(v_normal), v_world, GLOSS), thing > 0.5 ? 1.0 : 0.0);
}
