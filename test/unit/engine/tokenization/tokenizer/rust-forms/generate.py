"""Writes what the Rust crate `tokenizers` knows of normal forms and grapheme clusters, as seen through its Python package.

    pip install tokenizers==0.23.3
    python generate.py ../../../../../../src/engine/tokenization/tokenizer/rust-forms.ts code-points.json
    npx prettier --write ../../../../../../src/engine/tokenization/tokenizer/rust-forms.ts code-points.json

The crate's normal forms are those of Unicode 9 whatever the platform; a JavaScript engine knows more marks and more
decompositions with every release. code-points.json holds a digest of the complete behaviour for the test.

Grapheme clusters cannot be asked for. They are seen through a Precompiled normalizer whose map makes an X of a few
characters: a cluster of fewer than six bytes that begins with one of them becomes X as a whole.
"""

import hashlib
import json
import os
import struct
import sys
import unicodedata

import tokenizers
from tokenizers import normalizers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rust-unicode"))
from generate import ranges, wrap  # noqa: E402

CODE_POINTS = [cp for cp in range(0x110000) if not 0xD800 <= cp < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
FORMS = [normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD()]
NFD, NFKD, STRIP = FORMS[1], FORMS[3], normalizers.StripAccents()
TABLED = [cp for cp in CODE_POINTS if cp < 0x30000 or 0xE0000 <= cp < 0xE1000]
# One mark of each of some classes, ascending: overlay, nukta, virama, below, above, iota.
LADDER = ["\u0334", "\u093c", "\u094d", "\u0316", "\u0300", "\u0345"]


def charsmap(rules):
    """A precompiled_charsmap of rules, replacements by texts, as a double array (Darts clone)."""
    root, strings = {}, b""
    for key, replacement in rules.items():
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[None] = len(strings)
        strings += replacement.encode() + b"\0"
    units, used = [0] * 512, {0}

    def place(node, at):
        labels = [0 if label is None else label for label in node]
        base = next(b for b in range(1, 1 << 20) if all((b ^ label) not in used for label in labels))
        while len(units) <= base | 0xFF:
            units.append(0)
        used.update(base ^ label for label in labels)
        units[at] |= ((base ^ at) << 10) | (0x100 if None in node else 0)
        for label, child in node.items():
            if label is None:
                units[base] = 1 << 31 | child
            else:
                units[base ^ label] = label
                place(child, base ^ label)

    place(root, 0)
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + strings


MADE_X = ["a", "\u00a9", "\u0600", "\u1161", "\u11a8", "\u1100"]
CLUSTERS = normalizers.Precompiled(charsmap({char: "X" for char in MADE_X}))


def clusters(text):
    return CLUSTERS.normalize_str(text)


def combining_class(char):
    """From Python's Unicode: the class of an assigned mark never changes."""
    found = unicodedata.combining(char)
    if found == 0:
        raise ValueError(f"U+{ord(char):04X} has no combining class in Unicode {unicodedata.unidata_version}")
    return found


def is_nonstarter(char):
    """Combining class above 0: it moves before U+0345, whose class 240 is the highest."""
    return char == "\u0345" or NFD.normalize_str("\u0345" + char) != "\u0345" + NFD.normalize_str(char)


def digest_of(code_points):
    digest = hashlib.sha256()
    for cp in code_points:
        char = chr(cp)
        seen = [form.normalize_str(f"a{char}b") for form in FORMS] + [STRIP.normalize_str(f"a{char}b")]
        seen += [NFD.normalize_str(mark + char) for mark in LADDER]
        seen += [clusters("a" + char + "\u0301"), clusters("\u0600" + char), clusters(char + "a\u0941")]
        digest.update(("\t".join([str(cp), *seen]) + "\n").encode())
    return digest.hexdigest()


def main(tables_path, behaviour_path):
    compatible = [cp for cp in CODE_POINTS if cp not in HANGUL and NFKD.normalize_str(chr(cp)) != NFD.normalize_str(chr(cp))]
    marks = [cp for cp in CODE_POINTS if STRIP.normalize_str(chr(cp)) == ""]
    classes = {}
    for cp in CODE_POINTS:
        if is_nonstarter(chr(cp)) and NFD.normalize_str(chr(cp)) == chr(cp):
            classes.setdefault(combining_class(chr(cp)), []).append(cp)
    joiners = [cp for cp in CODE_POINTS if clusters("a" + chr(cp)) == "X"]
    joined = set(joiners)
    prepends = [cp for cp in CODE_POINTS if cp > 0x7F and clusters(chr(cp) + "a\u0941").endswith("\u0941")]
    controls = [cp for cp in range(0xD800) if cp not in joined and clusters("\u0600" + chr(cp)) != "X"]
    controls += [cp for cp in range(0xE000, 0x10000) if cp not in joined and clusters("\u0600" + chr(cp)) != "X"]
    pictographs = [cp for cp in CODE_POINTS if cp not in joined and clusters("\u00a9\u200d" + chr(cp)).startswith("X\u200d")]

    tables = [
        ("COMPATIBILITY_DECOMPOSED", "Changed by NFKD otherwise than by NFD.", compatible),
        ("COMBINING_MARKS", "Removed by StripAccents: the general categories M*.", marks),
        ("GRAPHEME_JOINERS", "Belong to the grapheme cluster of the character before them.", joiners),
        ("GRAPHEME_PREPENDS", "Belong to the grapheme cluster of the character after them.", prepends),
        ("GRAPHEME_CONTROLS", "Are a grapheme cluster of their own in any place, up to U+FFFF.", controls),
        ("PICTOGRAPHS", "Continue a grapheme cluster of pictographs after U+200D.", pictographs),
    ]
    with open(tables_path, "w") as out:
        out.write("// Generated by test/unit/engine/tokenization/tokenizer/rust-forms/generate.py; do not edit.\n")
        out.write(f"// Source: the Rust crate `tokenizers` {tokenizers.__version__}, asked code point by code point.\n")
        for name, meaning, code_points in tables:
            out.write(f"\n/** {meaning} */\nexport const {name} =\n{wrap(ranges(code_points))};\n")
        out.write("\n/** Code points of each canonical combining class above 0. */\n")
        out.write("export const COMBINING_CLASSES: Readonly<Record<number, string>> = {\n")
        for combining, code_points in sorted(classes.items()):
            out.write(f"  {combining}:\n{wrap(ranges(code_points))},\n")
        out.write("};\n")
    with open(behaviour_path, "w") as out:
        json.dump({"tokenizers": tokenizers.__version__, "sha256": digest_of(TABLED)}, out)
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
