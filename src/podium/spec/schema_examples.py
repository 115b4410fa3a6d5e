"""An example for every key of a workflow file, which editors show beside its description.

What follows from the form of a key (its choices, a yes or no) is not written here. The rest is: by the key, or by
`Model.key` where one key means different things. Each is tested to be valid where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

Json = Any

_TEXT = "Write a letter to ${inputs.name}."
_NODE = {"tool": "files.restore", "with": {"path": "letter.md"}}
_NODES = {"draft": {"llm": _TEXT}}

BY_KEY: Mapping[str, list[Json]] = {
    # the file
    "podium": [1],
    "Workflow.name": ["release-notes"],
    "description": ["Draft, check and publish release notes."],
    "owner": ["release-team@example.org"],
    "inputs": [{"topic": {"type": "text", "about": "What to write about"}}],
    "tools": [{"files": {"python": "podium.tools.files", "root": "./out", "effect": "write", "delivery": "keyed"}}],
    "Workflow.budget": [{"usd": 0.5, "tokens": 200000, "wall": "20m"}],
    "budget": [{"usd": 0.5, "tokens": 20000}],
    "Workflow.timeout": ["7d", {"total": "7d", "idle": "2d"}],
    "Workflow.concurrency": [{"max": 1, "key": "inputs.customer"}],
    "ConcurrencySpec.key": ["inputs.customer"],
    "priority": [5],
    "Workflow.governor": [{"repeats": 10}],
    "GovernorSpec.repeats": [10],
    "per_minute": [600],
    "flows": [{"greet": {"podium": 1, "name": "greet", "nodes": {"line": {"transform": "Hello."}}}}],
    "nodes": [_NODES],
    "Workflow.result": ["notes.out"],
    # inputs, budget, tools
    "InputSpec.type": ["text", ["text"], {"title": "text", "notes?": "text"}],
    "InputSpec.about": ["What to write about"],
    "InputSpec.default": ["our new search"],
    "usd": [0.5],
    "tokens": [200000],
    "wall": ["20m"],
    "energy": ["0.5Wh"],
    "per_call": [{"usd": 0.05, "tokens": 4000}],
    "cost": [{"usd": 0.02, "energy": "20mWh"}],
    "mcp": [["mcp-server-git"], "https://tools.example.org/mcp"],
    "python": ["podium.tools.files"],
    "ToolSpec.timeout": ["2m"],
    "only": [["write"]],
    "functions": [{"delete": {"approval": "required"}}],
    "critical": [["to", "amount"]],
    "FunctionSpec.fields": [{"id": "selected", "recipient": "trusted"}],
    "FunctionSpec.keys": [["title"]],
    "selects": [["query"]],
    "level": ["confidential"],
    "clearance": ["confidential"],
    "categories": [["pii"]],
    "residency": [["eu"]],
    "region": ["eu"],
    "returns": [{"level": "confidential", "categories": ["pii"]}],
    "env": [{"TOKEN": "${secrets.erp_token}"}],
    "headers": [{"Authorization": "Bearer ${secrets.erp_token}"}],
    # every node
    "about": ["Small models refer to things by number."],
    "phase": ["drafting"],
    "when": ["inputs.amount >= 100"],
    "after": [["approve"]],
    "retry": [{"max": 3, "backoff": "1s", "on": ["timeout", "unavailable"]}],
    "timeout": ["2m", {"total": "10m", "idle": "30s"}],
    "on_error": ["continue", "ask", "apologise", {"timeout": "apologise", "else": "ask"}],
    "default": ["unknown"],
    "fallback": [[{"llm": _TEXT}]],
    "compensate": [_NODE],
    "endorse": [{"category": "choice", "amount": {"min": 0, "max": 100}}],
    "EndorseSpec.in": ["inputs.contacts"],
    "EndorseSpec.min": [0],
    "EndorseSpec.max": [100],
    "origin": [["https://shop.example.org"]],
    "redact": [["email", "card"], ["personal"]],
    "lock": ["ledger"],
    "cancels": [["reminder"]],
    **{f"on_{port}": ["refusal"] for port in ("rejected", "expired", "denied", "limit", "unclear", "empty")},
    "Retry.max": [3],
    "backoff": ["1s"],
    "max_backoff": ["5m"],
    "Retry.on": [["timeout", "unavailable"]],
    "total": ["10m"],
    "idle": ["30s"],
    # single types
    "reason": ["The bill was not paid."],
    "EndConfig.result": ["notes.out"],
    "human": ["Publish these release notes?"],
    "show": ["notes.out"],
    "approval": [{"roles": ["finance"], "count": 2, "four_eyes": ["requester"]}],
    "FunctionSpec.approval": ["required", {"roles": ["finance"]}],
    "ToolSpec.approval": ["required", {"roles": ["finance"]}],
    "roles": [["finance"]],
    "groups": [["berlin"]],
    "people": [["anna"]],
    "count": [2],
    "stages": [[{"roles": ["editor"]}, {"roles": ["legal"], "count": 2}]],
    "veto": [["legal"]],
    "four_eyes": [["requester"]],
    "escalate": [[{"after": "4h", "to": {"roles": ["lead"]}}]],
    "EscalationSpec.after": ["4h"],
    "EscalationSpec.to": [{"roles": ["lead"]}],
    "remind": ["2h"],
    "expires": ["24h"],
    "join": [["tone", "advice"]],
    "JoinConfig.wait": ["all", {"quorum": 2}],
    "deadline": ["5m"],
    "separator": ["\n\n"],
    "quorum": [2],
    "by": ["value.score"],
    "valid": ["size(value) > 0"],
    "make": ["values.tone"],
    "judge": ["Which of these is the most careful?"],
    "llm": [_TEXT],
    "system": ["You write for people without technical training."],
    "output": [{"title": "text", "points": ["text"]}],
    "max_tokens": [400],
    "temperature": [0.4],
    "route": [{"prefer": "cheap", "quality": "medium"}],
    "repair": [2],
    "loop": [_NODES],
    "LoopConfig.as": ["last"],
    "start": ["inputs.draft"],
    "until": ["check.out.good"],
    "while": ["last == null || last.score < 8"],
    "max": [3],
    "result": ["draft.out"],
    "map": ["inputs.topics"],
    "as": ["topic"],
    "do": [_NODES],
    "MapConfig.concurrency": [4],
    "on_item_error": ["collect", {"max_failed": 2}],
    "max_failed": [2],
    "max_items": [1000],
    "enough": [3],
    "more": [{"signal": "another"}],
    "scope": [_NODES],
    "catch": [[{"on": ["timeout"], "do": {"sorry": {"transform": "Later."}}}]],
    "Catch.on": [["timeout", "unavailable"]],
    "finally": [{"close": {"transform": "closed"}}],
    "subflow": ["greet", "./greet.yaml"],
    "SubflowConfig.with": [{"person": "${inputs.name}"}],
    "version": ["3f2a9c0e"],
    "switch": [[{"when": "inputs.pages > 100", "then": "refuse"}]],
    "then": ["refuse", ["outline", "warn"]],
    "else": ["summarise"],
    "tool": ["files.write"],
    "with": [{"path": "letter.md", "text": "${draft.out}"}],
    "expect": ["size(out) > 0"],
    "code": ["sum(numbers)"],
    "CodeConfig.with": [{"numbers": "${inputs.numbers}"}],
    "CodeConfig.files": [{"people.csv": "${read.out}"}],
    "keep": [["report.txt"]],
    "CodeConfig.tools": [["git.git_log"]],
    "limits": [{"cpu": "30s", "memory": "512MB"}],
    "cpu": ["30s"],
    "auth": [
        {
            "token_url": "https://login.example.org/token",
            "client_id": "podium",
            "client_secret": "${secrets.podium_client}",
            "scope": ["orders.read"],
        }
    ],
    "token_url": ["https://login.example.org/token"],
    "client_id": ["podium"],
    "client_secret": ["${secrets.podium_client}"],
    "audience": ["erp"],
    "AuthSpec.scope": [["orders.read"]],
    "AuthSpec.as": ["person", "service"],
    "sandbox": [{"read": ["."], "write": ["./out"]}],
    "read": [["."]],
    "write": [["./out"]],
    "memory": ["512MB"],
    "language": ["python"],
    "Limits.output": ["2MB"],
    "Limits.files": ["64MB"],
    "calls": [20],
    "transform": ["Dear ${inputs.name},", {"title": "${draft.out}"}],
    "validate": ["size(draft.out) < 900", [{"check": "size(draft.out) < 900", "message": "Write less."}]],
    "check": ["size(draft.out) < 900"],
    "message": ["Write less than 900 characters."],
    "revise": ["draft"],
    "wait": ["10s", {"signal": "paid", "expires": "2d"}],
    "time": ["10s"],
    "signal": ["paid"],
    "commit": [["invoice", "letter"], "all"],
    "guard": ["size(prepared) <= 10"],
    "GuardConfig.guard": ["draft.out"],
    "pii": [["personal", "secret"], ["email", "card"]],
    "urls": [["example.org"], []],
    "topics": [{"banned": ["layoffs"]}],
    "banned": [["layoffs", "acquisition"]],
    "allowed": [["printer", "toner"]],
    "injection": [True],
    "schema": [{"title": "text", "pages": "integer"}],
    "must": [[{"check": "size(value) < 900", "message": "at most 900 characters"}]],
    "GuardConfig.action": ["redact"],
    "approve": ["May these be sent?"],
    "sees": [["email"]],
    "twin": ["sandbox", {"python": "doubles.mail"}],
    "emit": ["order_shipped"],
    "EmitConfig.as": ["event"],
    "WaitFor.until": ["inputs.opens"],
    "value": [{"order": "${inputs.order}"}],
    "to": ["inputs.run"],
}


def add_examples(schema: dict[str, Json]) -> None:
    """Give every key of the file and of its definitions an example, where there is one."""
    _add("Workflow", schema)
    for name, definition in cast("dict[str, dict[str, Json]]", schema["$defs"]).items():
        _add(name, definition)
        for branch in cast("list[dict[str, Json]]", definition.get("anyOf", [])):
            _add(name, branch)


def _add(model: str, definition: dict[str, Json]) -> None:
    for key, about in cast("dict[str, dict[str, Json]]", definition.get("properties", {})).items():
        found = BY_KEY.get(f"{model}.{key}") or BY_KEY.get(key) or _of_form(about)
        if found and "examples" not in about:
            about["examples"] = found


def _of_form(about: Mapping[str, Json]) -> list[Json]:
    if "enum" in about:
        return list(cast("list[Json]", about["enum"]))
    if about.get("type") == "boolean":
        return [not about.get("default", False)]
    for branch in cast("list[dict[str, Json]]", about.get("anyOf", [])):
        if found := _of_form(branch):
            return found
    return []
