"""What is large surgery (NCT06027853, exc-15; NCT07083349, exc-03d), by the project's own value set."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import Json, procedure

LARGE = "procedure.major_surgery"
WITHIN = "NCT06027853/exc-15"  # within 4 weeks of 1 June 2026


def done(snomed: str, display: str, on: str = "2026-05-20") -> Json:
    found = procedure(snomed, performedDateTime=on)
    found["code"]["coding"][0]["display"] = display
    return found


TABLE: Table = {
    "large: joint replacement, open abdominal, thoracic, cardiac, spinal and cranial surgery, amputation, resection": [
        row("hip replacement", WITHIN, "fail", done("52734007", "Total replacement of hip")),
        row("gastric bypass", WITHIN, "fail", done("442338001", "Bypass of stomach")),
        row("aorta", WITHIN, "fail", done("175297006", "Emergency replacement of aneurysmal segment of aorta")),
        row("heart", WITHIN, "fail", done("233089000", "Excision of aneurysm of left cardiac ventricle")),
        row("skull", WITHIN, "fail", done("46816007", "Intracranial aneurysmectomy")),
        row(
            "uterus, ovaries and tubes",
            WITHIN,
            "fail",
            done("86477000", "Total hysterectomy with removal of both tubes and ovaries"),
        ),
        row(
            "a broken hip, nailed",
            WITHIN,
            "fail",
            done(
                "179104006",
                "Primary closed reduction and internal fixation of proximal femoral fracture with screw/nail and intramedullary device",
            ),
        ),
        row("five weeks ago", WITHIN, "pass", done("442338001", "Bypass of stomach", "2026-04-27")),
    ],
    "through a catheter, at the bedside, at the jaw, no operation: not certain": [
        row("valvotomy by a catheter", LARGE, "unknown", done("232836005", "Transluminal laser aortic valvotomy")),
        row("laser into a disc", LARGE, "unknown", done("178669008", "Laser discectomy")),
        row("a broken jaw", LARGE, "unknown", done("307289006", "Open reduction of mandibular fracture")),
        row("a finding", LARGE, "unknown", done("1667003", "Early fontanel closure")),
    ],
}
