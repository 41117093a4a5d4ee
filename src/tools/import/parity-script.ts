/**
 * parity.py: asks transformers for the ids and scores of golden texts. docs/models.md shows the same lines, for those
 * who run it where Serin is not.
 *
 * Arguments: the checkpoint, the file of texts, the file to write, the longest length in tokens and, where config.json
 * does not decide it, the task.
 */
export const PARITY_SCRIPT = `import json, sys
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, __version__

checkpoint, texts, out, max_tokens = *sys.argv[1:4], int(sys.argv[4])
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
model = AutoModelForSequenceClassification.from_pretrained(checkpoint).float().eval()
one_each = model.config.problem_type != "multi_label_classification" and model.config.num_labels > 1
if len(sys.argv) > 5:
    one_each = sys.argv[5] == "text-classification"
items = []
for line in open(texts, encoding="utf-8"):
    golden = json.loads(line)
    inputs = tokenizer(golden["text"], truncation=True, max_length=max_tokens, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0]
    scores = logits.softmax(-1) if one_each else logits.sigmoid()
    items.append({**golden, "ids": inputs["input_ids"][0].tolist(), "scores": scores.tolist()})
json.dump({"reference": f"transformers {__version__}, PyTorch {torch.__version__}", "items": items}, open(out, "w"))
`;
