"""Tests of the moderation recipe that need no data and no training: python -m unittest discover -s training"""

import re
import unittest

import numpy as np

from metrics import auc, sigmoid
from moderation.bias import TERMS
from moderation.calibrate import Platt, at_false_positive_rate, choose_thresholds, fit_platt, macro_f1, three_classes
from moderation.evaluate import Scored, identity_figures, swap_terms
from moderation.generate import Generator, generate, read_families, read_groups, read_words
from moderation.rows import HARMLESS, LABELS, Row, part_of

NAMES = "|".join(TERMS)
MADLIBS = [
    rf"^(love|like|hug|respect|kill|murder|destroy|hate) ({NAMES})$",
    rf"^i (am|hate) ({NAMES})$",
    rf"^being ({NAMES}) is \w+$",
    rf"^you are an? \w+ ({NAMES})$",
    rf"^\w+ is an? \w+ ({NAMES})$",
]
"""The forms of bias_madlibs.csv, which tests and must not be trained on."""


class Generated(unittest.TestCase):
    def setUp(self) -> None:
        self.rows = generate(7, 6)

    def test_same_seed_same_sentences(self) -> None:
        self.assertEqual(self.rows, generate(7, 6))
        self.assertNotEqual(self.rows, generate(8, 6))

    def test_no_slot_stays_open(self) -> None:
        open_slots = [row.text for row in self.rows if re.search(r"[{}<>|\[\]]|//", row.text)]
        self.assertEqual(open_slots, [])

    def test_held_back_groups_are_never_trained_on(self) -> None:
        held = [group.plural.lower() for group in read_groups() if group.held]
        self.assertGreater(len(held), 5)
        for row in self.rows:
            if row.part != "test":
                self.assertFalse([name for name in held if name in row.text.lower()], row.text)

    def test_families_keep_their_part_and_no_shape_is_in_two(self) -> None:
        families = read_families()
        shapes = [shape for family in families for shape in family.shapes]
        self.assertEqual(len(shapes), len(set(shapes)))
        parts = {family.name: family.part for family in families}
        for row in self.rows:
            self.assertEqual(parts[row.kind.split(":")[0]], row.part)

    def test_both_sides_of_a_pair_differ_in_the_marked_words_alone(self) -> None:
        made = Generator(1)
        harmless, hateful = made.sides("{g} are <welcome//scum> and I {lovev//hatev} them.")
        self.assertEqual(harmless, "{g} are welcome and I {lovev} them.")
        self.assertEqual(hateful, "{g} are scum and I {hatev} them.")

    def test_templates_of_madlibs_are_not_trained_on(self) -> None:
        for row in self.rows:
            if row.part == "train":
                for form in MADLIBS:
                    self.assertIsNone(re.match(form, row.text.lower().rstrip(".!")), row.text)

    def test_every_word_list_is_used(self) -> None:
        used = set(
            re.findall(
                r"\w+", " ".join(re.findall(r"\{[^}]*\}", (" ".join(s for f in read_families() for s in f.shapes))))
            )
        )
        self.assertEqual(set(read_words()) - used - {"filler", "opener", "closer"}, set())


class Parts(unittest.TestCase):
    def test_near_duplicates_fall_in_one_part(self) -> None:
        for i in range(200):
            self.assertEqual(part_of(f"Some text {i}!", 10, 14), part_of(f"some  TEXT {i}", 10, 14))

    def test_shares(self) -> None:
        parts = [part_of(f"text number {i}", 10, 14) for i in range(5000)]
        self.assertAlmostEqual(parts.count("test") / 5000, 0.14, delta=0.02)
        self.assertAlmostEqual(parts.count("calibrate") / 5000, 0.10, delta=0.02)


class Figures(unittest.TestCase):
    def test_auc_counts_ties_half(self) -> None:
        self.assertEqual(auc(np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True])), 0.875)

    def test_platt_inside_the_head_gives_the_same_scores(self) -> None:
        rng = np.random.default_rng(1)
        vectors, weight, bias = rng.normal(size=(50, 8)), rng.normal(size=(4, 8)), rng.normal(size=4)
        platt = Platt(np.array([0.5, 1.5, 2.0, 1.0]), np.array([0.1, -2.0, 0.3, 0.0]))
        state = platt.fold({"head.weight": weight, "head.bias": bias})
        plain = sigmoid((vectors @ weight.T + bias) * platt.slope + platt.offset)
        folded = sigmoid(vectors @ state["head.weight"].T + state["head.bias"])
        np.testing.assert_allclose(folded, plain, atol=1e-5)

    def test_platt_finds_slope_and_offset(self) -> None:
        rng = np.random.default_rng(2)
        logits = rng.normal(size=(4000, 4)) * 3
        truth = rng.random((4000, 4)) < sigmoid(logits * 0.5 - 1)
        platt = fit_platt(logits, [Row("", tuple(map(int, row)), "x", "calibrate") for row in truth])
        np.testing.assert_allclose(platt.slope, 0.5, atol=0.1)
        np.testing.assert_allclose(platt.offset, -1, atol=0.2)

    def test_threshold_keeps_to_its_rate(self) -> None:
        scores, positive = np.linspace(0, 1, 101), np.arange(101) >= 100
        threshold, _ = at_false_positive_rate(scores, positive, 0.05)
        self.assertEqual(int((scores[:100] >= threshold).sum()), 5)

    def test_hate_goes_before_offensive(self) -> None:
        scores = np.array([[0, 0.9, 0.9, 0], [0, 0.1, 0.9, 0], [0.9, 0.1, 0.1, 0.9]])
        self.assertEqual(three_classes(scores, 0.5, 0.5).tolist(), [0, 1, 2])
        self.assertEqual(macro_f1(np.array([0, 1, 2]), np.array([0, 1, 2])), 1.0)

    def test_thresholds_of_review_never_exceed_those_of_block(self) -> None:
        rng = np.random.default_rng(3)
        kinds = [
            ("wikipedia", "harmless", HARMLESS),
            ("generated", "a:harmless", HARMLESS),
            ("davidson", "neither", HARMLESS),
        ]
        kinds += [("davidson", "hate", (1, 1, None, None)), ("davidson", "offensive", (None, 0, 1, None))]
        rows = [Row(str(i), target, source, "calibrate", kind) for source, kind, target in kinds for i in range(200)]
        base = np.array([[value or 0 for value in row.target] for row in rows]) * 0.6
        thresholds = choose_thresholds(base + rng.random((1000, 4)) * 0.4, rows)
        self.assertEqual(list(thresholds), LABELS)
        for label in LABELS:
            self.assertLessEqual(thresholds[label]["review"], thresholds[label]["block"])

    def test_unknown_labels_count_for_nothing(self) -> None:
        scored = Scored(
            [Row("a", (1, None, None, None), "x", "test"), Row("b", (None, 0, None, None), "x", "test")],
            np.zeros((2, 4)),
        )
        self.assertEqual(scored.harmless.tolist(), [False, False])
        self.assertEqual(scored.harmful.tolist(), [True, False])

    def test_identity_figures_see_a_biased_score(self) -> None:
        texts = [f"{kind} {term} {i}" for term in ("gay", "tall") for kind in ("nice", "bad") for i in range(60)]
        bad = np.array(["bad" in text for text in texts])
        fair = identity_figures(texts, bad, bad.astype(float), ["gay"])
        self.assertEqual(fair["terms"]["gay"], {"n": 120, "subgroup": 1.0, "bpsn": 1.0, "bnsp": 1.0})
        biased = identity_figures(
            texts, bad, np.array([bad[i] + 2.0 * ("gay" in text) for i, text in enumerate(texts)]), ["gay"]
        )
        self.assertEqual(biased["terms"]["gay"]["subgroup"], 1.0)
        self.assertEqual(biased["terms"]["gay"]["bpsn"], 0.0)

    def test_swapping_keeps_case_and_marks(self) -> None:
        pairs = swap_terms(["Muslims, they say.", "No one here"], [("muslims", "christians")])
        self.assertEqual(pairs, [("Muslims, they say.", "Christians, they say.")])


if __name__ == "__main__":
    unittest.main()
