"""Which of the models a failure is about, for sentences that say what to set."""

from __future__ import annotations

from dataclasses import dataclass

from momentum.errors import ActionRequired, ErrorCode, MomentumError


@dataclass(frozen=True, slots=True)
class Role:
    """What a model is for, and the settings that name it and its key."""

    what: str
    model_setting: str
    key_setting: str

    def explain(self, error: MomentumError, model: str) -> MomentumError:
        """The same failure in a sentence that names the model and the setting, where a person has to act."""
        if error.code is ErrorCode.MODEL_NOT_FOUND:
            unknown = f"The server does not know the {self.what} {model!r}: it was retired or is misspelt."
            sentence = f"{unknown} Set {self.model_setting} to another one."
        elif error.code in {ErrorCode.MODEL_KEY_INVALID, ErrorCode.MODEL_QUOTA_EXHAUSTED}:
            sentence = f"{error.detail} This is about the {self.what} {model!r} and {self.key_setting}."
        else:
            return error
        return ActionRequired(error.code, sentence, after=error.after)


EMBEDDING = Role("embedding model", "EMBEDDING_MODEL", "EMBEDDING_API_KEY, or OPENAI_API_KEY where that is not set")
SPEECH = Role("speech model", "SPEECH_MODEL", "SPEECH_API_KEY, or OPENAI_API_KEY where that is not set")
LANGUAGE = Role("language model", "LANGUAGE_MODEL", "OPENAI_API_KEY")
