"""Pictures of a compiled workflow: in the terminal, as SVG, Mermaid and DOT."""
