"""Which of the models a failure is about, for sentences that say what to set."""

from __future__ import annotations

from dataclasses import dataclass

from momentum.errors import ActionRequired, ErrorCode, MomentumError
from momentum.languages import phrase


@dataclass(frozen=True, slots=True)
class Role:
    """What a model is for, and the settings that name it and its key."""

    what: str
    """With `{}` for the model's name."""
    model_setting: str
    key_setting: str

    def explain(self, error: MomentumError, model: str) -> MomentumError:
        """The same failure in a sentence that names the model and the setting, where a person has to act."""
        named = self.what.format(repr(model))
        if error.code is ErrorCode.MODEL_NOT_FOUND:
            unknown = f"The server does not know the {named}: it was retired or is misspelt."
            sentence = f"{unknown} Set {self.model_setting} to another one."
        elif error.code in {ErrorCode.MODEL_KEY_INVALID, ErrorCode.MODEL_QUOTA_EXHAUSTED}:
            sentence = f"{error.detail} This is about the {named} and {self.key_setting}."
        else:
            return error
        return ActionRequired(error.code, sentence, after=error.after)


EMBEDDING = Role(phrase("embedding model {}"), "EMBEDDING_MODEL", phrase("EMBEDDING_API_KEY, or OPENAI_API_KEY where that is not set"))
SPEECH = Role(phrase("speech model {}"), "SPEECH_MODEL", phrase("SPEECH_API_KEY, or OPENAI_API_KEY where that is not set"))
LANGUAGE = Role(phrase("language model {}"), "LANGUAGE_MODEL", "OPENAI_API_KEY")
