"""The words of RxNorm's names: dose forms, routes, and what a salt adds to the name of its ingredient."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORMS = _words("""
    Auto-Injector Bar Caplet Capsule Cartridge Cream Douche Enema Film Foam Gas Gel Granules Gum Implant Inhaler
    Injection Injector Insert Irrigation Kit Lotion Lozenge Mouthwash Oil Ointment Pack Pad Paste Patch Pellet
    Pill Powder Product Ring Shampoo Soap Solution Sponge Spray Stick Strip Suppository Suspension Swab Syringe
    Syrup System Tablet Tape Toothpaste Wafer
""")
"""The nouns that a dose form or a group of them ends with (RxNorm, appendix 2)."""

OF_A_FORM = FORMS | _words("""
    12HR 24HR Actuated Bar Buccal Chewable Cleansing Delayed Disintegrating Dose Drug Dry Effervescent Extended
    for Inhalant Inhalation Injectable Intraperitoneal Intrathecal Intratracheal Intrauterine Irrigation Jet
    Liquid Medicated Membrane Metered Mucosal Mucous Nasal Ophthalmic Oral Otic Pen Powdered Prefilled Rectal
    Release Sublingual Sustained Topical Transdermal Urethral Vaginal Weekly
""")
"""What stands before such a noun in a dose form."""

SALTS = _words("""
    aceponate acetate acetonide anhydrous arginine aspartate axetil benzathine besylate bicarbonate bisulfate
    bitartrate bromide butyrate calcium camsylate caproate carbonate chloride cilexetil citrate cypionate
    decanoate dibasic dihydrate dihydrochloride dimeglumine dimesylate dipivoxil dipropionate disodium
    disoproxil ditosylate edisylate embonate enanthate erbumine estolate esylate etabonate etexilate ethanolate
    ethylsuccinate fumarate furoate gluconate glucuronate glycolate hemifumarate hemihydrate hexacetonide
    hippurate hyclate hydrate hydrobromide hydrochloride hydroxide isethionate lactate lactobionate laurate
    lauroxil lysine magnesium malate maleate malonate mandelate medoxomil meglumine mesylate monobasic
    monohydrate mucate napsylate nitrate olamine orotate oxalate palmitate pamoate pentahydrate pentanoate
    phenylpropionate phosphate picolinate pidolate pivalate pivoxil polistirex potassium procaine propionate
    proxetil saccharate salicylate sesquihydrate sodium stearate strontium succinate sulfate tannate tartrate
    tebutate teoclate tetrahydrate threonate tosylate trifluoroacetate trihydrate tris trisodium tromethamine
    undecanoate valerate xinafoate zinc
""")
"""What a salt, an ester or a hydrate adds to the name of its ingredient."""

ROUTES = (
    (r"Injection|Injectable|Syringe|Auto-Injector|Injector|Cartridge", "Injectable Product"),
    (r"Sublingual", "Sublingual Product"),
    (r"Buccal", "Buccal Product"),
    (r"Ophthalmic", "Ophthalmic Product"),
    (r"Otic", "Otic Product"),
    (r"Nasal", "Nasal Product"),
    (r"Rectal|Suppository|Enema", "Rectal Product"),
    (r"Vaginal", "Vaginal Product"),
    (r"Transdermal|Medicated Patch", "Transdermal Product"),
    (r"Inhal\w+", "Inhalant Product"),
    (r"Topical|Shampoo|Medicated Pad|Soap", "Topical Product"),
    (r"Implant", "Implant Product"),
    (r"Oral|Chewable|Lozenge|Mouthwash", "Oral Product"),
)
"""The dose form groups that say a route, by a word of the dose forms in them; the first that fits."""
