"""Everything of OpenAI's API, and of servers that imitate it, that the stand-in shows; each has a test that says so.

A test names what it is about with `@pytest.mark.shows("name")`; tests/counterparts/test_behaviours.py holds the two together.
"""

BEHAVIOURS = {
    # the connection
    "faults by script": "a fault of any status, body and headers, for one path or for whatever comes next",
    "delay": "an answer that comes late, or not before the caller gives up",
    "cut connections": "a connection closed before the answer, in its head, in its body, in its stream",
    "movable clock": "days pass when the test says so",
    "request log": "every request with its path, headers, form, size and the status it got",
    "unknown paths": "404 and 405 for what is no path of the API",
    "missing auth": "401 without a key, whatever the path",
    "401 as text": "401 for a wrong key, JSON served as text/plain, with a status beside the error",
    # what a transcription is refused for
    "whole body counted": "413 of type server_error when the whole multipart body is more than 26,214,400 bytes",
    "413 in mid-upload": "the same, and the connection closed while the body still comes",
    "extension": "the file's kind is told by its name alone",
    "unreadable audio": "400 for a file that is no sound",
    "longest": "1,400 s for the 4o models, as seconds or as tokens; no limit of time for the others",
    "shortest": "0.1 s",
    "format by model": "unsupported_value for a response_format that the model has not",
    "timestamps by model": "timestamp_granularities for whisper-1's verbose_json alone",
    "language by model": "languages[] for gpt-transcribe alone, not beside language; unknown codes refused",
    "keywords": "for gpt-transcribe alone, and not with < > or a line break in them",
    "known speakers": "at most four, names and samples in pairs, each sample of 1.2 to 10.0 s",
    "chunking strategy": "required for diarisation of more than 30 s",
    "prompt, temperature, logprobs": "each for the models and values that have them",
    # how a transcription is answered
    "silence": "empty text and no languages from gpt-transcribe",
    "invented words": "a phrase that nobody said, from whisper-1 on silence, with the doubts that go with it",
    "loop": "one sentence again and again",
    "verbose": "segments and bare words, null where not asked for, float32 artefacts, an end behind the end",
    "diarised": "segments with labels and ids that are text",
    "labels swap": "the same voice is A in one answer and B in the next",
    "usage by duration": "seconds",
    "usage by tokens": "tokens of text and audio",
    "subtitles and text": "bodies that are no JSON and have no usage",
    "stream of json": "transcript.text.delta and done",
    "stream of diarised": "transcript.text.segment and done",
    "stream ignored": "whisper-1 answers in one piece",
    # text
    "strict schema": "400 for what lies outside the strict subset, named by param",
    "schema limits": "5,000 properties, 10 levels, 120,000 characters, 1,000 values of enums, 15,000 characters in a large one",
    "schema name": "1 to 64 of A-Z a-z 0-9 _ -",
    "temperature with effort": "refused unless the effort is none",
    "answer": "events in their order, numbered, with the snapshot's name and usage",
    "refusal": "in both interfaces",
    "incomplete": "by max_output_tokens and by content_filter",
    "overflow as 400": "too much input, as a status",
    "overflow as failed": "too much input, as response.failed",
    "overflow as event": "too much input, as a bare error event",
    "input tokens": "counted before anything is asked",
    # limits
    "too much for now": "requests, tokens and slow_down, with Retry-After, retry-after-ms, a date, a wait in words, or nothing",
    "never fits": "a request larger than the limit itself",
    "nothing left": "every code of a spent quota or limit, with and without Retry-After",
    "should not retry": "x-should-retry: false",
    "rate limit headers": "what is left and when it is full again, on every answer",
    "models list": "each with its shutdown_date",
    "retired model": "404 model_not_found from the day after",
    # servers that imitate it
    "LocalAI": "times in whole nanoseconds, [BLANK_AUDIO] segments",
    "vLLM": "duration as text; stream of transcription.chunk objects; verbose_json refused by some models",
    "Ollama": "nothing but text, whatever was asked for",
    "llama.cpp": "text only; no path for one model; a done event without text",
    "other envelopes": "errors as a detail, as plain text, as a page",
}
