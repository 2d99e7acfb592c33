"""The nouns: what Momentum talks about, without any way to store, fetch or show it.

Times inside a recording are seconds from the start of its first file set; moments in the world are
timezone-aware datetimes in UTC.
"""

from __future__ import annotations

from momentum.model.accounts import Account, ConnectionState, Grant
from momentum.model.documents import Answer, Claim, ClaimState, Coverage, Deliverable, Meeting, Ruling, Tokens, Usage
from momentum.model.recordings import Recording, RecordingFile
from momentum.model.speech import LISTEN_HERE, SAMPLE_RATE, Chunk, Gap, GapReason, Heard, Reading, Segment, Transcript, Voice, Word
from momentum.model.work import STEPS, Clock, Options, ProcessingState, Progress, Remark

__all__ = [
    "LISTEN_HERE",
    "SAMPLE_RATE",
    "STEPS",
    "Account",
    "Answer",
    "Chunk",
    "Claim",
    "ClaimState",
    "Clock",
    "ConnectionState",
    "Coverage",
    "Deliverable",
    "Gap",
    "GapReason",
    "Grant",
    "Heard",
    "Meeting",
    "Options",
    "ProcessingState",
    "Progress",
    "Reading",
    "Recording",
    "RecordingFile",
    "Remark",
    "Ruling",
    "Segment",
    "Tokens",
    "Transcript",
    "Usage",
    "Voice",
    "Word",
]
