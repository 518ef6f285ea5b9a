// A texel of a member. In a dyed layer alpha says how little the dye shows; where CUTOUT is defined it cuts holes.
in vec3 v_world;
in vec2 v_uv;
flat in vec2 v_layer;
uniform sampler2DArray pictures;

vec4 texel() {
    vec4 found = texture(pictures, vec3(v_uv, v_layer.x));
#ifdef CUTOUT
    if (found.a < 0.42) discard;
#endif
    return found;
}
