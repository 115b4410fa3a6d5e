"""Texts that talk to the model instead of to the reader: signs of an injected instruction.

Each rule is a form of words that instructions to a model take and other texts seldom do. They find the clumsy and the
copied; whoever words an attack afresh gets past them. So a text without a finding is not trusted for it: labels decide
what a text may do, whatever it says. `make bench ARGS=pii` prints how many attacks they find and how many harmless
texts they take for one.
"""

from __future__ import annotations

import re
import unicodedata

_INSTRUCTIONS = (
    r"(?:instructions?|prompts?|rules|guidelines|directions|directives|commands|programming|training|policies)"
)
_MODE = r"(?:dan|developer|god|jailbreak|unrestricted|debug|maintenance|admin) mode"
_ASSISTANT = r"(?:ai|llm|language) ?(?:assistant|agent|model|bot|system)s?"

_RULES: dict[str, tuple[str, ...]] = {
    "override": (
        (
            r"\b(?:ignore|disregard|forget|override|bypass|skip|drop|discard)\b[^.\n]{0,30}?"
            r"\b(?:previous|prior|above|earlier|preceding|existing|original|initial|all|any|your|my|these|those|system)\b"
            rf"[^.\n]{{0,30}}?\b{_INSTRUCTIONS}\b"
        ),
        rf"\b(?:do not|don't|never) (?:follow|obey)\b[^.\n]{{0,30}}\b{_INSTRUCTIONS}\b",
        r"\b(?:ignore|disregard|forget) (?:everything|all|anything)\b[^.\n]{0,20}\b(?:above|before|said|told|so far)\b",
    ),
    "new_instructions": (
        (
            rf"\b(?:new|updated|revised|real|actual|additional|your) (?:\w+ )?{_INSTRUCTIONS} ?"
            r"(?:(?:are|is) (?:now|as follows)|follow here|begin|:)"
        ),
        r"\binstead,? (?:you (?:must|should|will|have to)|respond|reply|answer with|output|say exactly)\b",
        r"\byour (?:new|real|actual|only) (?:task|goal|job|objective|purpose|mission)\b",
    ),
    "role": (
        r"\byou are now (?:an?|the|in|no longer)\b",
        r"\bfrom now on,? (?:you|your|always|respond|act)\b",
        r"\bpretend (?:that )?(?:you|to be)\b",
        r"\brole-?play as\b",
        r"\bact as (?:if you|an? (?:unrestricted|unfiltered|evil))",
    ),
    "marker": (
        r"<\|?(?:im_start|im_end|system|endoftext|assistant)\|?>",
        r"\[/?inst\]|<</?sys>>|</?(?:system|assistant|tool_call)>",
        r"(?:^|\n) {0,3}#{2,4} ?(?:system|instructions?):",
        r"(?:^|\n) {0,3}(?:system|developer) (?:message|prompt|override|note) ?:",
        r"(?:^|\n) {0,3}system ?: ?(?:you|the user|the assistant|ignore|override|new)\b",
        r"\[(?:system|admin|developer)(?: (?:message|override|note))?\]",
    ),
    "leak": (
        (
            r"\b(?:reveal|show|print|repeat|output|tell|leak|give|display|write|what(?:'s| is| are| were))\b"
            r"[^.\n]{0,30}?"
            r"\b(?:system prompt|initial (?:prompt|instructions)|hidden (?:prompt|instructions)"
            r"|your (?:system |secret )?(?:instructions|prompt))\b"
        ),
        r"\b(?:repeat|print|output) [^.\n]{0,20}?(?:text|words|everything) above\b",
    ),
    "secrecy": (
        (
            r"\b(?:without|do not|don't|never|avoid) (?:tell|notify|inform|alert|ask|mention|warn)\w*\b[^.\n]{0,30}?"
            r"\b(?:the )?(?:user|human|operator)s?\b"
        ),
        r"\bkeep (?:this|it) (?:secret|hidden) from (?:the )?(?:user|human)\b",
    ),
    "address": (
        (
            r"\b(?:note|message|attention|instructions?|important|hint|reminder|to|for|dear|hey)\b"
            rf"\W{{1,6}}(?:to |for )?(?:the |any |all |an? )?{_ASSISTANT}\b"
        ),
        r"\bif you(?: are|'re) an? (?:ai|llm|language model|assistant|automated)\b",
        r"\b(?:ai|llm) (?:assistant|agent|model)s? (?:reading|processing|summari[sz]ing|that reads?|who reads?)\b",
    ),
    "jailbreak": (
        rf"\b{_MODE}\b[^.\n]{{0,20}}?\b(?:on|enabled?|activated?|now)\b",
        rf"\b(?:enter|enable|activate|switch to) {_MODE}\b",
        r"\bdo anything now\b",
        r"\b(?:without|no|ignore) (?:any |all )?(?:content|safety|ethical) (?:restrictions|filters?|guidelines)\b",
    ),
    "exfiltration": (
        r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?&/][^)\s]{0,100}(?:\{|<|\$|%7b|\[)",
        (
            r"\b(?:send|forward|post|upload|leak|exfiltrate|append|include|encode)\b[^.\n]{0,40}?"
            r"\b(?:conversation|chat history|context|passwords?|api keys?|credentials|secrets?|user'?s? data)\b"
            r"[^.\n]{0,40}?(?:https?://|\bto\b[^.\n]{0,20}@|\burl\b|\bserver\b|\bwebhook\b)"
        ),
    ),
    "hidden": (
        r"<!--[^>]{0,200}?\b(?:ignore|assistant|instructions?|ai|llm|you must|prompt)\b",
        r"\bstyle=[\"'][^\"'>]{0,80}(?:display: ?none|font-size: ?0|color: ?(?:white|#fff))",
    ),
}

_READY = {name: re.compile("|".join(forms)) for name, forms in _RULES.items()}

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_LEAST_INVISIBLE = 3
"""Invisible characters in a text that is not merely badly pasted."""

_SPACES = re.compile(r"[ \t\r\u00a0]+")


def signs_of_injection(text: str) -> tuple[str, ...]:
    """Return the names of the rules that a text breaks, in a fixed order; `invisible` for characters nobody can see."""
    invisible = len(_INVISIBLE.findall(text)) >= _LEAST_INVISIBLE
    plain = _SPACES.sub(" ", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))).lower().replace("’", "'")
    found = tuple(name for name, form in _READY.items() if form.search(plain))
    return (*found, "invisible") if invisible else found
