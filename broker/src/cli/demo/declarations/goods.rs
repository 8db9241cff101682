//! What is imported: code, words, and masses and prices that go with them.

/// One kind of good.
#[derive(Clone, Copy, Default)]
pub(super) struct Good {
    /// TARIC code, or its first eight digits.
    pub(super) hs_code: &'static str,
    pub(super) words: &'static str,
    /// Hundredths of a kilogram, least and most.
    pub(super) net_mass: (u64, u64),
    /// Cents for a kilogram, least and most.
    pub(super) price: (u64, u64),
}

const fn good(hs_code: &'static str, words: &'static str, net_mass: (u64, u64), price: (u64, u64)) -> Good {
    Good { hs_code, words, net_mass, price }
}

pub(super) const GOODS: [Good; 32] = [
    good("0306179200", "Frozen shrimps of the genus Penaeus", (40_000, 2_400_000), (550, 1_150)),
    good("0702000007", "Tomatoes, fresh", (90_000, 2_100_000), (70, 190)),
    good("0805102200", "Sweet oranges, fresh", (200_000, 2_300_000), (45, 120)),
    good("09011100", "Coffee, not roasted, in bags of jute", (60_000, 1_900_000), (280, 620)),
    good("0910110000", "Ginger, neither crushed nor ground", (10_000, 800_000), (120, 340)),
    good("15091020", "Virgin olive oil in tins", (5_000, 900_000), (380, 990)),
    good("22042138", "Wine in bottles of 0.75 l", (2_000, 700_000), (290, 2_600)),
    good("3004900000", "Medicaments in measured doses", (110, 60_000), (4_000, 95_000)),
    good("3926909790", "Articles of plastics, parts for lamps", (300, 240_000), (320, 1_900)),
    good("4011100000", "New pneumatic tyres for motor cars", (8_000, 1_600_000), (260, 720)),
    good("4202929100", "Bags of textile materials", (500, 320_000), (700, 3_400)),
    good("5208520000", "Printed cotton fabric, plain weave", (2_000, 900_000), (480, 1_300)),
    good("5702310000", "Carpets of wool, woven", (1_500, 420_000), (900, 7_800)),
    good("6104430000", "Women's dresses of synthetic fibres", (250, 280_000), (900, 4_200)),
    good("6109100010", "T-shirts of cotton, knitted", (400, 640_000), (650, 2_100)),
    good("6403996800", "Footwear with uppers of leather", (600, 380_000), (1_400, 6_900)),
    good("6912002500", "Tableware of earthenware", (900, 700_000), (140, 980)),
    good("7007111090", "Toughened safety glass for vehicles", (4_000, 980_000), (210, 660)),
    good("7113190000", "Jewellery of gold", (10, 900), (3_100_000, 5_400_000)),
    good("7318158290", "Bolts of steel, strength class 8.8", (2_500, 1_700_000), (120, 390)),
    good("8413708100", "Centrifugal pumps", (1_200, 260_000), (1_100, 4_800)),
    good("8471300000", "Portable computers", (150, 120_000), (14_000, 61_000)),
    good("8504409590", "Static converters", (200, 180_000), (1_700, 7_300)),
    good("8507600090", "Lithium-ion batteries", (500, 900_000), (1_200, 4_900)),
    good("8517130000", "Telephones, smartphones", (50, 80_000), (42_000, 190_000)),
    good("8541430000", "Photovoltaic cells in panels", (20_000, 2_300_000), (310, 900)),
    good("8708999790", "Parts of motor vehicles, brake discs", (3_000, 1_300_000), (240, 1_500)),
    good("8712003000", "Bicycles without ball bearings", (1_000, 300_000), (700, 3_600)),
    good("9018908490", "Instruments used in medicine", (60, 45_000), (6_000, 88_000)),
    good("9401610000", "Upholstered seats with wooden frames", (4_000, 600_000), (380, 1_900)),
    good("9503007500", "Toys of plastics", (300, 520_000), (420, 2_300)),
    good("9701210000", "Paintings more than 100 years old", (100, 9_000), (90_000, 9_000_000)),
];
