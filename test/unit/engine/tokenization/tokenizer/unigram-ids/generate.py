"""Writes small Unigram tokenizers of several families, and the ids that the Rust crate gives for texts.

    pip install tokenizers==0.23.3
    python generate.py unigram-ids.json
    npx prettier --write unigram-ids.json

The texts are those of crate-ids, and the vocabularies are trained on them. The charsmap has a few rules of each kind of
those of SentencePiece's nmt_nfkc.
"""

import importlib.util
import json
import os
import sys

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers as pre, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))


def load(folder):
    spec = importlib.util.spec_from_file_location(folder.replace("-", "_"), f"{HERE}/../{folder}/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sys.path.insert(0, os.path.join(HERE, "..", "rust-forms"))
crate_ids, forms = load("crate-ids"), load("rust-forms")

RULES = {
    "\t": " ", "\n": " ", "\r": " ", "\x0b": " ", "\x01": "", "\x7f": "", "\u00a0": " ", "\u3000": " ", "\u2009": " ",
    "\u200b": " ", "\u200d": "", "\ufeff": "", "\u00ad": "", "\ufb01": "fi", "\u2460": "1", "\u00bd": "1/2", "\u338f": "kg",
    "\uff46": "f", "\uff55": "u", "\uff4c": "l", "\uff11": "1", "\uff76": "カ", "\uff76\uff9e": "ガ", "\uff9e": "\u3099",
    "カ\u3099": "ガ", "e\u0301": "é", "A\u0300": "À", "\u1100\u1161": "가", "\u2026": "...", "\u2121": "TEL", "\u00a9\ufe0f": "(c)",
    "\u0600": "", "\u0958": "\u0915\u093c", "\u2581": " ",
}
CHARSMAP = forms.charsmap(RULES)
TEXTS = crate_ids.TEXTS + [
    "ﾊﾝｶｸ ｶﾞ ｶ\u0301", "カ\u3099カ\u309a", "①\u0301 e\u0301\u0301 e\u0301x", "가\u1100\u1161\u11a8 \u1100\u1161\u0301", "©\ufe0f ©\u200d©\ufe0f",
    "\u0600a \u0600①", "क\u094dक \u0958\u0301", "``a'' 'b'", "\r\n\r\na", "\x01\x01a", "\x01 a  b", "a <unk> b", "<unk>", "x<unk>日", "\u0344 \u0f73\u0301",
    "q\u0308\u0301 a\u0308\u0323 \u1e9b\u0323", "\u1df9\u0301", "\u2581\u2581a\u2581 b", "日本日本a日", "  two  spaces  ",
]
LONG = crate_ids.LONG + ["①" * 900, "e\u0301\u0316" * 700, "\u200d" * 1500, "ｶﾞ" * 700, "\x01" * 2000, "a\u2581" * 900]
SPACES = Regex(" {2,}")


def trained(normalizer, steps, edit=None, size=400):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator([text for text in TEXTS if len(text) < 60], trainer)
    tokenizer.pre_tokenizer = steps
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.add_tokens([AddedToken("film", normalized=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>"))])
    data = json.loads(tokenizer.to_str())
    data["model"]["vocab"] = sorted_after_special(data["model"]["vocab"])
    if edit:
        edit(data)
    return data


def sorted_after_special(vocab):
    """The trainer keeps no order among pieces of the same score."""
    return vocab[:3] + sorted(vocab[3:], key=lambda piece: (-piece[1], piece[0]))


def with_bytes(data):
    vocab = data["model"]["vocab"]
    # Without some: their characters stay unknown.
    vocab += [[f"<0x{byte:02X}>", -9.5] for byte in range(256) if byte not in (0xC3, 0xE6)]
    data["model"]["byte_fallback"] = True
    moved_behind(data, len(vocab))


def moved_behind(data, start):
    """Added tokens that the vocabulary does not have follow it."""
    pieces = {piece for piece, _ in data["model"]["vocab"]}
    for token in data["added_tokens"]:
        if token["content"] not in pieces:
            token["id"] = start
            start += 1


def older(data):
    data["pre_tokenizer"]["pretokenizers"][1] = {
        "type": "Metaspace", "replacement": "\u2581", "str_rep": "\u2581", "add_prefix_space": True}


def families():
    rules = normalizers.Precompiled(CHARSMAP)
    split = pre.Sequence([pre.WhitespaceSplit(), pre.Metaspace()])
    converted = normalizers.Sequence([rules, normalizers.Strip(left=False, right=True), normalizers.Replace(SPACES, "\u2581")])
    quotes = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    albert = normalizers.Sequence([*quotes, normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), rules,
                                   normalizers.Replace(SPACES, " ")])
    deberta = normalizers.Sequence([normalizers.Lowercase(), normalizers.Strip(), rules, normalizers.Replace(SPACES, " ")])
    newer = normalizers.Sequence([normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), normalizers.NFC(),
                                  normalizers.Strip(left=False, right=True)])
    yield "XLM-R", trained(converted, pre.Metaspace())
    yield "multilingual-e5", trained(rules, split, older)
    yield "ALBERT", trained(albert, pre.Metaspace())
    yield "DeBERTa", trained(deberta, pre.Sequence([pre.Punctuation("isolated"), pre.Metaspace()]))
    yield "DeBERTa of transformers 5", trained(newer, pre.Sequence([pre.Metaspace(prepend_scheme="first")]))
    yield "T5 with legacy=False", trained(converted, pre.Metaspace(prepend_scheme="first", split=False))
    yield "Unigram with bytes for the unknown", trained(
        normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()]), pre.Metaspace(prepend_scheme="never"), with_bytes)


def main(path):
    crate_ids.TEXTS, crate_ids.LONG = TEXTS, LONG
    crate_ids.families = lambda: ((name, Tokenizer.from_str(json.dumps(data)), data) for name, data in families())
    crate_ids.main(path)


if __name__ == "__main__":
    main(sys.argv[1])
