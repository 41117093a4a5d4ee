"""Compares the token ids of Serin with those of transformers, for the families of tokenizers that are not BERT's.

    pip install "transformers==4.57.6" sentencepiece protobuf      # and once more with transformers==5.24.0
    npm run build && npx serin models golden-texts > golden.jsonl
    python training/tokenizer_families.py OUT CORPUS.txt golden.jsonl [MORE.jsonl ...]

No tokenizer is downloaded. SentencePiece trains a vocabulary of each kind on CORPUS.txt (one text a line), with the
special pieces of the family, and the converter of transformers makes tokenizer.json of it. Each JSONL file has objects
with a `text`; 500 texts of random characters are added. OUT/FAMILY gets the tokenizer, OUT/ids/FAMILY.json its ids.
The last lines are the table of docs/models.md.
"""

import argparse
import json
import os
import random
import subprocess
import sys

import sentencepiece
import transformers
from sentencepiece import sentencepiece_model_pb2

HERE = os.path.dirname(os.path.abspath(__file__))
MAJOR = int(transformers.__version__.split(".")[0])
MAX_TOKENS = 512


def train(path, corpus, vocab_size, **options):
    """A SentencePiece Unigram model at PATH.model; returns the file."""
    if not os.path.exists(path + ".model"):
        sentencepiece.SentencePieceTrainer.train(
            input=corpus, model_prefix=path, vocab_size=vocab_size, model_type="unigram", hard_vocab_limit=False,
            minloglevel=2, num_threads=1, input_sentence_size=20000, **options)
    return path + ".model"


XLMR = dict(normalization_rule_name="nmt_nfkc", character_coverage=0.9995)
ALBERT = dict(normalization_rule_name="nmt_nfkc", character_coverage=0.9995, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
              pad_piece="<pad>", control_symbols=["[CLS]", "[SEP]", "[MASK]"])
DEBERTA = dict(normalization_rule_name="nmt_nfkc", character_coverage=0.9995, pad_id=0, bos_id=1, eos_id=2, unk_id=3,
               pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", user_defined_symbols=["[MASK]"])
T5 = dict(normalization_rule_name="nmt_nfkc", character_coverage=0.9995, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)


def from_sentencepiece(cls, model, **options):
    """The tokenizer that transformers makes of a SentencePiece model, by its own converter."""
    if MAJOR == 4:
        return getattr(transformers, cls + "Fast")(vocab_file=model, model_max_length=MAX_TOKENS, **options)
    folder = model + "." + cls
    os.makedirs(folder, exist_ok=True)
    name = getattr(transformers, cls).vocab_files_names.get("vocab_file", "spiece.model")
    with open(model, "rb") as source, open(f"{folder}/{name}", "wb") as target:
        target.write(source.read())
    return getattr(transformers, cls).from_pretrained(folder, model_max_length=MAX_TOKENS, **options)


def with_layout(tokenizer, folder, change):
    """The tokenizer with another tokenizer.json, as older releases wrote it."""
    tokenizer.save_pretrained(folder)
    with open(f"{folder}/tokenizer.json", encoding="utf-8") as source:
        layout = json.load(source)
    change(layout)
    with open(f"{folder}/tokenizer.json", "w", encoding="utf-8") as target:
        json.dump(layout, target, ensure_ascii=False)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=f"{folder}/tokenizer.json", model_max_length=MAX_TOKENS, unk_token="<unk>", pad_token="<pad>",
        bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", mask_token="<mask>")


def precompiled_of(layout):
    steps = layout["normalizer"].get("normalizers", [layout["normalizer"]])
    return next(step for step in steps if step["type"] == "Precompiled")


def e5(layout):
    """multilingual-e5: white space is split off, and Metaspace has the fields of tokenizers 0.13."""
    layout["normalizer"] = precompiled_of(layout)
    layout["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "WhitespaceSplit"},
        {"type": "Metaspace", "replacement": "\u2581", "str_rep": "\u2581", "add_prefix_space": True}]}


def bge_m3(layout):
    """bge-m3: the converter of transformers 4.33 with the Metaspace of tokenizers 0.15."""
    layout["normalizer"] = {"type": "Sequence", "normalizers": [
        precompiled_of(layout),
        {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}]}
    layout["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True, "prepend_scheme": "always"}


def first(layout):
    """Metaspace as T5 has it with legacy=False: a space in front of the first word alone."""
    layout["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}


def bytes_instead_of_unknown(layout):
    layout["model"]["byte_fallback"] = True


def nfc_and_nmt(layout):
    """Normalizers that the tokenizers of ModernBERT and of SentencePiece's own converter have."""
    layout["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFC"}]}


def modernbert(corpus):
    """Byte-level BPE behind NFC, as ModernBERT has it, with the trainer of the Rust crate."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer.train([corpus], trainers.BpeTrainer(
        vocab_size=6000, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    ids = {token: tokenizer.token_to_id(token) for token in special}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=MAX_TOKENS, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        pad_token="[PAD]", mask_token="[MASK]")


def families(out, corpus, vocab_size):
    """Yields each family's name and tokenizer."""
    vocabularies = f"{out}/vocabularies"
    os.makedirs(vocabularies, exist_ok=True)

    def model(name, **options):
        return train(f"{vocabularies}/{name}", corpus, vocab_size, **options)

    xlmr = model("xlmr", **XLMR)
    folded = model("folded", **{**XLMR, "normalization_rule_name": "nmt_nfkc_cf"})
    with_bytes = model("bytes", **XLMR, byte_fallback=True)
    albert, deberta, t5 = model("albert", **ALBERT), model("deberta", **DEBERTA), model("t5", **T5)
    yield "XLM-R", from_sentencepiece("XLMRobertaTokenizer", xlmr)
    yield "CamemBERT", from_sentencepiece("CamembertTokenizer", xlmr)
    yield "ALBERT", from_sentencepiece("AlbertTokenizer", albert)
    yield "ALBERT, cased", from_sentencepiece("AlbertTokenizer", albert, do_lower_case=False, keep_accents=True)
    yield "DeBERTa-v3", from_sentencepiece("DebertaV2Tokenizer", deberta)
    yield "DeBERTa-v2, split_by_punct", from_sentencepiece(
        "DebertaV2Tokenizer", deberta, split_by_punct=True, do_lower_case=True)
    yield "T5", from_sentencepiece("T5Tokenizer", t5)
    layouts = [("multilingual-e5", xlmr, e5), ("bge-m3", xlmr, bge_m3), ("XLM-R, nmt_nfkc_cf", folded, bge_m3),
               ("T5, legacy=False", xlmr, first), ("Unigram, byte_fallback", with_bytes, bytes_instead_of_unknown),
               ("Unigram, Nmt and NFC", xlmr, nfc_and_nmt)]
    for name, source, change in layouts:
        yield name, with_layout(from_sentencepiece("XLMRobertaTokenizer", source), f"{out}/{file_name(name)}", change)
    yield "ModernBERT", modernbert(corpus)


def file_name(family):
    return family.replace(", ", "-").replace(" ", "-").lower()


def random_texts(count):
    """Texts of characters of all blocks, of marks, of controls and of what tokenizers treat specially."""
    chooser = random.Random(15)
    marks = "\u0301\u0300\u0308\u0323\u0327\u0345\u3099\u309a\u20dd\u0483\u094d\u093c\u05b0\u0591\u0f71\u0f72\u1ab0\u200d\ufe0f"
    usual = "abc ABC xyz  . , ! \t\n ``'' \u2581 \u3000\u00a0<s></s><unk>[MASK]\u00a9\u0600\u0915\u1100\u1161\u11a8\uac00\uff76\uff9e"
    texts = []
    for _ in range(count):
        text = ""
        for _ in range(chooser.randint(1, 60)):
            kind = chooser.random()
            if kind < 0.35:
                text += chooser.choice(usual)
            elif kind < 0.6:
                text += chooser.choice(marks)
            elif kind < 0.8:
                text += chr(chooser.randint(0x20, 0x33FF))
            elif kind < 0.9:
                text += chr(chooser.choice([*range(0xA000, 0xD800), *range(0xF900, 0x10000)]))
            else:
                text += chr(chooser.randint(0x10000, 0x1FFFF))
        texts.append(text)
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("corpus")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--vocab-size", type=int, default=6000)
    args = parser.parse_args()
    texts = []
    for path in args.texts:
        with open(path, encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    texts = list(dict.fromkeys(texts + random_texts(500)))
    os.makedirs(f"{args.out}/ids", exist_ok=True)
    with open(f"{args.out}/texts.json", "w", encoding="utf-8") as target:
        json.dump(texts, target)
    names = []
    for name, tokenizer in families(args.out, args.corpus, args.vocab_size):
        folder = f"{args.out}/{file_name(name)}"
        tokenizer.save_pretrained(folder)
        # The file is what counts: a release may read another one than it wrote.
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
        expected = [tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"] for text in texts]
        tokenizer.truncation_side = "left"
        left = [tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"] for text in texts]
        with open(f"{args.out}/ids/{file_name(name)}.json", "w") as target:
            json.dump({"right": expected, "left": left}, target)
        names.append((name, file_name(name)))
    command = ["node", f"{HERE}/tokenizer_families.mjs", args.out, f"transformers {transformers.__version__}"]
    sys.exit(subprocess.run([*command, *[part for pair in names for part in pair]]).returncode)


if __name__ == "__main__":
    main()
