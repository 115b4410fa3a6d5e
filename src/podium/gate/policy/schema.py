"""The Cedar schema: the words that a policy may use, and their types.

Every policy is validated against it before it counts, and every request when it is decided. An attribute that is
spelled wrongly is therefore an error of the file, not a condition that never holds.
"""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Grows when a word is added; it is part of the digest of the policies in force."""

ACTIONS = ("call_tool", "call_model", "start_run", "signal_run", "run_code", "read_knowledge", "use_memory")
"""What may be allowed or forbidden."""

RESOURCES = {
    "call_tool": "Function",
    "call_model": "Model",
    "start_run": "Workflow",
    "signal_run": "Run",
    "run_code": "Sandbox",
    "read_knowledge": "Collection",
    "use_memory": "Memory",
}
"""What each action acts on."""

SCHEMA = """\
// Who acts. An effect acts in the names of several at once: the person who started the run, the workflow, the agent.
entity Role, Group, Tenant;
entity Person in [Role, Group, Tenant];
entity Workflow in [Tenant] { name: String, version: String };
entity Agent in [Role, Group, Tenant] { version: String };

// What it acts on.
entity Tool;
entity Function in [Tool] {
  name: String,         // "mail.send"
  tool: String,         // "mail"
  effect: String,       // "none", "read", "write", "irreversible"
  delivery: String,     // "repeatable", "keyed", "once"
  trust: String,        // "trusted", "untrusted": may what it returns be believed?
  region: String,       // "" is this machine
};
entity Model {
  name: String,         // "openai/gpt-5"
  region: String,       // "" where none is declared
  local: Bool,          // it runs on this machine
};
entity Run { name: String };
entity Sandbox { name: String, isolation: String };
entity Collection { name: String };
entity Memory { name: String };

// The arguments of a call by name: what stands inside others as `a.b`, items of lists as `a.0`.
entity Arguments tags String;
entity Numbers tags decimal;

type Facts = {
  person?: Person,          // who started the run
  workflows: Set<String>,   // the workflow, and the one that it runs as a part, by name
  agents: Set<String>,      // the agents, both as "triage" and as "triage@3"
  tenant: String,           // whom the run belongs to, "" where there are no tenants

  integrity: String,        // of all that the call is made of: "system", "user", "endorsed", "untrusted"
  control: String,          // likewise, of the decisions that led to it
  untrusted: Set<String>,   // the critical arguments that nobody vouches for
  level: String,            // how confidential what it is made of is
  rank: Long,               // the place of that level, 0 for the most open
  categories: Set<String>,  // what it contains, such as "pii"
  anywhere: Bool,           // it may go to every region
  residency: Set<String>,   // the regions where it may go, when not everywhere

  time: datetime,           // now, UTC
  minute: Long,             // minutes since midnight, UTC
  weekday: String,          // "monday" to "sunday", UTC
  attempt: Long,            // which try of the node, from 1

  arguments: Arguments,
  numbers: Numbers,         // those that are numbers, or text that is one
  recipients: Set<String>,  // whom it reaches: addresses and names, in small letters
  domains: Set<String>,     // of their e-mail addresses; "" for a recipient without one
  hosts: Set<String>,       // of the URLs in it; "" for a URL that cannot be understood
  paths: Set<String>,       // of files and folders, without `..` where that is possible
  amount?: decimal,         // the largest amount in it, without its sign
};

action call_tool appliesTo { principal: [Person, Workflow, Agent], resource: [Function], context: Facts };
action call_model appliesTo { principal: [Person, Workflow, Agent], resource: [Model], context: Facts };
action start_run appliesTo { principal: [Person, Workflow, Agent], resource: [Workflow], context: Facts };
action signal_run appliesTo { principal: [Person, Workflow, Agent], resource: [Run], context: Facts };
action run_code appliesTo { principal: [Person, Workflow, Agent], resource: [Sandbox], context: Facts };
action read_knowledge appliesTo { principal: [Person, Workflow, Agent], resource: [Collection], context: Facts };
action use_memory appliesTo { principal: [Person, Workflow, Agent], resource: [Memory], context: Facts };
"""
