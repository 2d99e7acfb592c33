"""A meeting under its layers: one transcript and the documents made from it, each layer laid once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from momentum.corrections.layers import ClaimLayer, Layer
from momentum.corrections.laying import Laying
from momentum.corrections.written import attributed, claim_objection, written_under
from momentum.model import Deliverable, Transcript


class Corrected:
    """`lay` lays one layer more; what is there so far can be taken out at any time."""

    def __init__(self, transcript: Transcript, documents: Mapping[UUID, Deliverable]) -> None:
        self._laying = Laying(transcript)
        self._documents = dict(documents)
        self._under: set[UUID] = set()

    @property
    def rewritten(self) -> int:
        """How often a segment was given a new text: what laying costs."""
        return self._laying.rewritten

    def objection(self, layer: Layer, document_id: UUID | None = None) -> str | None:
        """Why a layer cannot be laid, in a sentence; None where it can. `document_id`: whose claim it is about."""
        if not isinstance(layer, ClaimLayer):
            return self._laying.objection(layer)
        return claim_objection(layer, self._documents[document_id]) if document_id in self._documents else None

    def lay(self, layer: Layer, document_id: UUID | None = None) -> None:
        """`document_id`: the only document that it is about; None: all of them."""
        laid = self._laying.lay(layer)
        for one in self._documents.keys() if document_id is None else self._documents.keys() & {document_id}:
            self._documents[one] = written_under(self._documents[one], laid, self._laying)
            self._under.add(one)

    def transcript(self) -> Transcript:
        """The machine's transcript under the layers."""
        return self._laying.transcript()

    def documents(self) -> dict[UUID, Deliverable]:
        """The documents under the layers, in the order in which they were given."""
        transcript = self.transcript()
        return {one: attributed(document, transcript) if one in self._under else document for one, document in self._documents.items()}
