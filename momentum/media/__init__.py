"""From a container file to pieces of speech: decoder, voice gate, cuts."""
