//! What is asked about each of the two datasets of the demonstration.

/// One dataset's questions.
pub(super) struct Scenario {
    /// Name in the library, of the dataset and of the agreement.
    pub(super) name: &'static str,
    /// Identifies one declaration; the case officer asks by it.
    pub(super) number: &'static str,
    /// Given as a pseudonym to the risk analyst, who may ask by it.
    pub(super) hidden: &'static str,
    /// By these the statistician asks for one declaration.
    pub(super) coarse: &'static [&'static str],
    /// Given to no statistician.
    pub(super) unnamed: &'static str,
}

/// Generated declarations.
pub(super) const GENERATED: Scenario = Scenario {
    name: "import-declarations",
    number: "declaration.number",
    hidden: "consignee.eori",
    coarse: &["consignor.country", "declaration.office"],
    unnamed: "consignee.name",
};

/// Declarations of the Korea Customs Service's public set.
pub(super) const KCS: Scenario = Scenario {
    name: "kcs-import-declarations",
    number: "declaration_id",
    hidden: "importer_id",
    coarse: &["country_of_origin"],
    unnamed: "seller_id",
};
