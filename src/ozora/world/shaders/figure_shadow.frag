#version 430
#include "figure.glsl"

void main() {
    texel();
}
