"""The parts of a card's detail, each made into plain lines."""
