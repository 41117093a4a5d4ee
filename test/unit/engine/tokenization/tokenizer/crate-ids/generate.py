"""Writes small tokenizers of many families, and the ids that the Rust crate gives for texts, through its Python package.

    pip install tokenizers==0.23.3
    python generate.py crate-ids.json
    npx prettier --write crate-ids.json

Vocabularies are trained on the texts themselves. Ids of a long text are kept as their number and a digest.
"""

import hashlib
import json
import random
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers as pre, processors, trainers

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
POSSESSIVE = r"[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|(?>\s+$)|\s*[\r\n]|\s+(?!\S)|\s"
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
ODD = r"(?i)film|^\w+$|\bfi\S*|\h{2,4}|.x|[^\W\d_]{3}"

TEXTS = [
    "a fine film", "A Fine  Film!", "I'll don't we've it's DON'T I'LL 'S 'ſ 'ſt 'lL", "don’t it’s",
    "price: $1,234.56 (50%)", "a_b __init__ foo_bar", "x" * 101, "é" * 30, "e\u0301" * 20, "😀" * 20, "あ" * 40,
    "no-break\u00a0space thin\u2009space", "line\nbreak\r\ncrlf\ttab\n\n  \n x", "  leading", "trailing  ",
    "a  b   c    d     e", "\u3000x\u3000", "\u200bzero\u200bwidth", "\u200d", "\ufe0f", "\u00ad soft\u00adhyphen",
    "\ufeffbom", "½ ⅓ ² ³ ① ⑳ Ⅷ ㎏ ﬁ ﬂ", "ｆｕｌｌ １２３", "℃ ™ ® №", "ΑΣ ς Σίσυφος", "İI ıi ẞß ŉ STRASSE Straße",
    "שלום اَلْعَرَبِيَّةُ", "हिन्दी नमस्ते क्षत्रिय", "ไทยภาษา กำลัง", "가각갂 한글", "𠀀𠀁 𪚥", "𝔘𝔫𝔦 𝟘𝟙", "🏳️‍🌈 👩🏽‍💻 🇩🇪 #️⃣",
    "<s> </s> <pad> <unk> <mask>", "text<s>text", "a <mask> b", "a<mask>b", "<mask>x", "x <mask>", "</s></s>",
    "▁under ▁", "a▁b", "Ġ", "Ċ", "##ing", "<|endoftext|>", "\u0000", "a\u0000b", "\u0001\u0002", "\x7f\x80\x9f", "\ue000",
    "\ufffd", "\U0010ffff", "", " ", "   ", "\n", "\u2028\u2029", "\u0085x\u0085", "\v\f\x1c\x1d\x1e\x1f", "\u180e",
    "http://a.b/c?d=e&f=g#h", "@user #tag :) ;-) <3", "C++ C# .NET", "1234567890123456789", "3.14e-10", "a.b.c...",
    "!!!???", "“quotes” ‘single’ «g»", "—–-―", "…", "A\u0300 \u1e69", "日本語のテスト。", "你好，世界！", "漢字kanji漢字",
    "한국어 문장입니다.", "Tiếng Việt: đã đẹp", "naïve façade", "Привет, МИР!", "አማርኛ", "fish FI fi.x ax\nbx", "deadbeef 0x1F",
    "\u0295 \u1c89 \u088f \u0c5c", "१२३ ๑๒ \u0660١", "kK\u212a sS\u017f", "a\n", "\na", "ab\ncd", "word",
]
POOL = list(" \t\n.,!?'-_[]<>") + list("abcXYZéüß中ひ한अя1２") + ["<s>", "</s>", "<mask>", "▁", "\u0301", "\u200d", "😀"]
random.seed(7)
TEXTS += ["".join(random.choices(POOL, k=random.randint(1, 24))) for _ in range(40)]
LONG = ["a" * 3000, "ab" * 2000, " " * 3000 + "x", "x" + "\n" * 2000, "日" * 1500, "good " * 600, "1" * 2000, "!" * 2000,
        "e\u0301" * 1000, "\r\n " * 900, "aA" * 1000, "<mask> " * 300, "😀" * 800, "'s" * 900]
MASK = AddedToken("<mask>", lstrip=True, special=True)


def trained(model, steps, normalizer=None, size=420, **more):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = steps
    if normalizer:
        tokenizer.normalizer = normalizer
    kind = trainers.BpeTrainer if isinstance(model, models.BPE) else trainers.WordPieceTrainer
    trainer = kind(vocab_size=size, special_tokens=["<s>", "</s>", "<unk>"], show_progress=False, **more)
    tokenizer.train_from_iterator(TEXTS + ["aaaa aaaaaaaa abab", "good better best 日日 11 !!"], trainer)
    tokenizer.add_special_tokens([MASK])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>"))])
    return tokenizer


def edited(tokenizer, **model):
    data = json.loads(tokenizer.to_str())
    data["model"].update(model)
    return Tokenizer.from_str(json.dumps(data))


def byte_level(space=False):
    return pre.ByteLevel(add_prefix_space=space, use_regex=True)


def by_pattern(pattern, behavior="isolated", invert=False):
    return pre.Sequence([pre.Split(Regex(pattern), behavior, invert=invert), pre.ByteLevel(add_prefix_space=False, use_regex=False)])


ALPHABET = {"initial_alphabet": pre.ByteLevel.alphabet()}


def families():
    roberta = trained(models.BPE(), byte_level(), size=520, **ALPHABET)
    data = json.loads(roberta.to_str())
    data["post_processor"] = {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0],
                              "trim_offsets": True, "add_prefix_space": False}
    # The merges of files before tokenizers 0.20.
    data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    yield "RoBERTa", Tokenizer.from_str(json.dumps(data)), data
    yield "GPT-2 with a space before each text", trained(models.BPE(), byte_level(True), size=520, **ALPHABET), None
    modern = trained(models.BPE(), byte_level(), size=520, **ALPHABET)
    modern.add_tokens([AddedToken(" " * n, normalized=True) for n in (24, 8, 2)] + [AddedToken("|||IP|||", normalized=True)])
    yield "ModernBERT without its NFC", modern, None
    yield "Llama 3", edited(trained(models.BPE(), by_pattern(GPT4), size=520, **ALPHABET), ignore_merges=True), None
    for name, pattern in (("GPT-4o", O200K), ("possessive quantifiers", POSSESSIVE), ("BLOOM", BLOOM),
                          ("DeepSeek", DEEPSEEK), ("odd patterns", ODD)):
        yield name, trained(models.BPE(), by_pattern(pattern), size=300, **ALPHABET), None
    yield "CLIP", trained(models.BPE(end_of_word_suffix="</w>", unk_token="<unk>"),
                          pre.Sequence([pre.Split(Regex(CLIP), "removed", invert=True), pre.ByteLevel(add_prefix_space=False)]),
                          normalizers.Lowercase(), size=700, end_of_word_suffix="</w>", **ALPHABET), None
    plain = trained(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>"), pre.BertPreTokenizer(),
                    size=300, limit_alphabet=60, continuing_subword_prefix="##", end_of_word_suffix="</w>")
    yield "BPE with prefix and suffix", plain, None
    base = trained(models.BPE(unk_token="<unk>", fuse_unk=True), pre.Whitespace(), size=300, limit_alphabet=60)
    yield "BPE that fuses the unknown", base, None
    yield "BPE that does not fuse the unknown", edited(base, fuse_unk=False), None
    yield "BPE without an unknown token", edited(base, unk_token=None), None
    without = trained(models.BPE(unk_token="<unk>", fuse_unk=True), pre.Digits(individual_digits=True), size=250, limit_alphabet=40)
    data = json.loads(without.to_str())
    vocab = data["model"]["vocab"]
    for byte in range(256):
        # Without some: their characters become unknown, among others that become bytes.
        if byte not in (0xC3, 0xE6):
            vocab[f"<0x{byte:02X}>"] = len(vocab) + 10
    data["model"]["byte_fallback"] = True
    yield "BPE with bytes for the unknown", Tokenizer.from_str(json.dumps(data)), data
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        steps = pre.Sequence([pre.WhitespaceSplit(), pre.Split(Regex(r"[aeiou.1]"), behavior), pre.Punctuation("contiguous")])
        yield f"WordPiece, {behavior}", trained(models.WordPiece(unk_token="<unk>"), steps, size=200, limit_alphabet=60), None
    inverted = pre.Sequence([pre.Split("a", "merged_with_next", invert=True), pre.CharDelimiterSplit("b"), pre.Digits()])
    yield "WordPiece, inverted", trained(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=20), inverted, size=200), None


def ids_of(tokenizer, text):
    return tokenizer.encode(text).ids


def main(path):
    out = {"tokenizers": tokenizers.__version__, "texts": TEXTS, "long": LONG, "families": []}
    for name, tokenizer, data in families():
        long = [ids_of(tokenizer, text) for text in LONG]
        out["families"].append({
            "name": name,
            "json": json.dumps(data if data else json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")),
            "ids": [" ".join(map(str, ids_of(tokenizer, text))) for text in TEXTS],
            "long": [[len(ids), hashlib.sha256(json.dumps(ids, separators=(",", ":")).encode()).hexdigest()] for ids in long],
        })
    with open(path, "w", encoding="utf-8") as file:
        json.dump(out, file, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
