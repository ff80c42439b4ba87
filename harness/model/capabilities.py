"""What an environment may be able to do: the catalogue that targets, markers and the documentation use."""

CAPABILITIES: dict[str, str] = {
    "deploy": "A stack can be deployed to it.",
    "send": "Messages can be sent to its queues.",
    "results": "Messages can be received from its queues.",
    "logs": "The logs of its functions can be read.",
    "debug": "A debugger can attach to its functions.",
    "settle": "It can be waited for until nothing is under way.",
    "virtual_clock": "Its clock can be frozen and advanced.",
    "faults": "Faults can be injected.",
    "ledger": "It records what happens to each message.",
}
