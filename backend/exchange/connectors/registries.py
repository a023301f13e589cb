"""
The other registries (各共享库): does one of them hold what a material would prove.

They share one shape: who or what it is about, what is to be proved, for which case and purpose.
Each has a breaker of its own, so that an ill one keeps no other waiting.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from backend.exchange.connectors import calls
from backend.exchange.connectors.population import RESULTS, RegistryUnavailable

BREAKERS: Final[dict[str, calls.Breaker]] = defaultdict(calls.Breaker)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which registry, about which number, for which material of which case."""

    registry: str
    number: str
    name: str
    material: str
    purpose: str
    case_number: str


def verify(question: Question) -> str:
    """
    Ask whether the registry holds it; return one of RESULTS.

    :raises RegistryUnavailable: no answer, or none we can read.
    """
    breaker = BREAKERS[question.registry]
    if not breaker.lets_through():
        raise RegistryUnavailable
    body = {
        "registry": question.registry,
        "id_number": question.number,
        "name": question.name,
        "material": question.material,
        "purpose": question.purpose,
        "case": question.case_number,
    }
    answer = calls.post("/materials/verify", body)
    breaker.note(answered=answer is not None)
    result = (answer or {}).get("result")
    if result not in RESULTS:
        raise RegistryUnavailable
    return str(result)
