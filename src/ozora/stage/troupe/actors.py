"""Actor files: which mesh, texture, animations and props make one figure in one state.

An actor is a list of groups; each group puts exactly one of its variants on. A variant named like the wanted state (or
like a wanted look) comes first, else the dice of ``frequency`` decide, and here the dice are a hash, so that one name
always gives one figure. Later variants override earlier ones: same texture slot, same animation name, same attach
point. Source: the engine's ``graphics/ObjectBase.cpp``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree

from ozora.errors import MediaError
from ozora.stage.troupe.archive import Files

MAX_XML_BYTES = 2**20
MAX_PROP_DEPTH = 8
MAX_INCLUDE_DEPTH = 8
MAX_PARTS = 256
SKIPPED_POINTS = frozenset({"projectile"})

Coat = Literal["opaque", "cutout", "player", "object"]
"""What a texture's alpha means: nothing, holes, where the player's color shows, where the object's color shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAnimation:
    """One animation of a state. ``speed`` 1 = as authored; of a walk or run: cycles' share per game unit traveled."""

    name: str
    file: str
    speed: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One actor, resolved: a mesh in a texture, with the parts that hang on it by attach point. ``color`` is RGB in
    0..1."""

    actor: str
    mesh: str | None
    texture: str | None
    coat: Coat
    color: tuple[float, float, float] | None
    animations: tuple[NamedAnimation, ...]
    props: tuple[tuple[str, Part], ...]


@dataclass(slots=True)
class _Wardrobe:
    """What the variants put on so far."""

    mesh: str | None = None
    textures: dict[str, str] = field(default_factory=dict)
    color: tuple[float, float, float] | None = None
    animations: list[NamedAnimation] = field(default_factory=list)
    props: list[tuple[str, str]] = field(default_factory=list)


def parse_xml(data: bytes, what: str) -> ElementTree.Element:
    """The root of a small XML file without entities of its own. Raises MediaError otherwise."""
    if len(data) > MAX_XML_BYTES:
        raise MediaError(f"{what} is larger than {MAX_XML_BYTES // 2**20} MB.")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise MediaError(f"{what} declares XML entities, which actor files never do.")
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise MediaError(f"{what} is not well-formed XML: {error}.") from error


def _numbers(text: str, what: str) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError as error:
        raise MediaError(f"{what} has {text!r} where numbers belong.") from error


def _best_quality(files: Files, root: ElementTree.Element, path: str, depth: int = 0) -> ElementTree.Element:
    """The most detailed actor of a file that offers several levels."""
    if root.tag != "qualitylevels":
        return root
    levels = root.findall("actor")
    inline = root.find("inline")
    if not levels or depth > MAX_INCLUDE_DEPTH:
        raise MediaError(f"{path} offers no quality level that can be read.")
    best = levels[-1]
    if "file" in best.attrib:
        other = "art/actors/" + best.attrib["file"]
        return _best_quality(files, parse_xml(files.read(other), other), other, depth + 1)
    return inline if "inline" in best.attrib and inline is not None else best


def _detailed(parent: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """Children for the best quality: what exists only below some quality is left out."""
    return (child for child in parent.findall(tag) if "maxquality" not in child.attrib)


def _layers(files: Files, variant: ElementTree.Element, depth: int = 0) -> list[ElementTree.Element]:
    """A variant behind the files that it includes, most basic first."""
    file = variant.get("file")
    if file is None:
        return [variant]
    if depth > MAX_INCLUDE_DEPTH:
        raise MediaError(f"The variant {file} includes itself.")
    path = "art/variants/" + file
    return [*_layers(files, parse_xml(files.read(path), path), depth + 1), variant]


def _choose(groups: list[list[ElementTree.Element]], wanted: tuple[str, ...], seed: str) -> list[ElementTree.Element]:
    """The layers of the one variant that a group puts on. ``groups``: the variants of one group, each as its layers."""
    names = [next((layer.get("name") for layer in reversed(layers) if layer.get("name")), "") for layers in groups]
    lowered = [str(name).lower() for name in names]
    for name in wanted:
        if name in lowered:
            return groups[lowered.index(name)]
    weights = []
    for layers in groups:
        frequency = next((each.get("frequency") for each in reversed(layers) if each.get("frequency")), "0")
        weights.append(max(0, int(_numbers(str(frequency), "A frequency")[0])))
    if sum(weights) == 0:
        weights = [1] * len(weights)
    dice = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % sum(weights)
    for layers, weight in zip(groups, weights, strict=True):
        dice -= weight
        if dice < 0:
            return layers
    raise AssertionError("the dice are below the sum of all weights")


def _put_on(wardrobe: _Wardrobe, layer: ElementTree.Element, what: str) -> None:
    """Let one layer of a variant override what was there."""
    for mesh in _detailed(layer, "mesh"):
        wardrobe.mesh = (mesh.text or "").strip() or wardrobe.mesh
    for color in _detailed(layer, "color"):
        channels = [value / 255.0 for value in _numbers(color.text or "", what)]
        if len(channels) != 3:
            raise MediaError(f"{what} has a color of {len(channels)} numbers.")
        wardrobe.color = (channels[0], channels[1], channels[2])
    for textures in _detailed(layer, "textures"):
        for texture in _detailed(textures, "texture"):
            wardrobe.textures[texture.get("name", "")] = texture.get("file", "")
    for animations in _detailed(layer, "animations"):
        found = [_read_animation(each, what) for each in _detailed(animations, "animation")]
        replaced = {each.name for each in found}
        wardrobe.animations = [each for each in wardrobe.animations if each.name not in replaced] + found
    for props in _detailed(layer, "props"):
        hung = [(prop.get("attachpoint", ""), prop.get("actor", "")) for prop in _detailed(props, "prop")]
        replaced = {point for point, _ in hung}
        wardrobe.props = [each for each in wardrobe.props if each[0] not in replaced]
        wardrobe.props += [(point, actor) for point, actor in hung if actor]


def _read_animation(element: ElementTree.Element, what: str) -> NamedAnimation:
    speed = _numbers(element.get("speed", "100"), what)
    return NamedAnimation(
        name=element.get("name", "").lower(),
        file=element.get("file", ""),
        speed=(speed[0] if speed and speed[0] > 0 else 100.0) / 100.0,
        label=element.get("id", ""),
    )


def coat_of(material: str) -> Coat:
    """What alpha means in a material. ``material``: the file name in the actor, "" when it names none."""
    if material.startswith("player"):
        return "player"
    if material.startswith("object"):
        return "object"
    if material.startswith(("basic_trans", "basic_glow", "trans_", "blend_")):
        return "cutout"
    return "opaque"


def resolve(files: Files, actor: str, *, wanted: tuple[str, ...] = (), seed: str = "") -> Part:
    """One figure. ``actor``: "fauna/tiger.xml"; ``wanted``: names of variants (a state, a look) that come before the
    dice.

    Raises MediaError when a file is missing or broken, or the props never end.
    """
    names = tuple(name.lower() for name in wanted)
    return _resolve(files, actor, names, seed, 0, [0])


def _resolve(files: Files, actor: str, wanted: tuple[str, ...], seed: str, depth: int, count: list[int]) -> Part:
    count[0] += 1
    if depth > MAX_PROP_DEPTH or count[0] > MAX_PARTS:
        raise MediaError(f"{actor} hangs props on props without end.")
    path = "art/actors/" + actor
    root = _best_quality(files, parse_xml(files.read(path), path), path)
    wardrobe = _Wardrobe()
    for number, group in enumerate(_detailed(root, "group")):
        variants = [_layers(files, variant) for variant in _detailed(group, "variant")]
        if not variants:
            continue
        for layer in _choose(variants, wanted, f"{seed}/{actor}/{number}"):
            _put_on(wardrobe, layer, path)
    material = root.findtext("material") or ""
    props = [
        (point.removeprefix("loaded-"), _resolve(files, prop, wanted, seed, depth + 1, count))
        for point, prop in wardrobe.props
        if point not in SKIPPED_POINTS and not prop.startswith("particle/")
    ]
    return Part(
        actor=actor,
        mesh=wardrobe.mesh,
        texture=wardrobe.textures.get("baseTex"),
        coat=coat_of(material.strip()),
        color=wardrobe.color,
        animations=tuple(wardrobe.animations),
        props=tuple(props),
    )
