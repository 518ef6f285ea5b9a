#version 430
in vec3 v_uv;
uniform sampler2DArray pictures;

void main() {
    if (texture(pictures, v_uv).a < 0.42) discard;
}
