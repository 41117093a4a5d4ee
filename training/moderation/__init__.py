"""The recipe of moderation/v1: sources with masks, generated sentences, training, calibration, evaluation,
packaging."""
