//! Consignees come from here.

use super::{Land, Order::GivenFirst};

/// Member States whose traders are consignees; one named twice is met twice as often.
pub(in super::super) const MEMBER_STATES: &[&Land] = &[
    &NL, &NL, &NL, &NL, &BE, &BE, &DE, &DE, &DE, &FR, &FR, &PL, &CZ, &GR, &GR, &BG, &BG, &PT, &DK, &SE, &FI,
    &ES, &IT, &AT, &IE,
];

const NL: Land = Land {
    code: "NL",
    order: GivenFirst,
    given: "Zoë=Zoe|Joëlle=Joelle|Daniël=Daniel|Noortje|Mariëtte=Mariette|Jeroen|Sjoerd|Fatıma=Fatima|Thijs|Renée=Renee",
    family: "van der Veen|de Vries|'t Hart|Brünings=Brunings|van 't Hoff|Oudemans|Ter Steege|IJsbrandy|Çetin=Cetin|Boër=Boer",
    firms: "{} Handelsonderneming B.V.|{} & Zonen V.O.F.|Koninklijke {} Groep N.V.|{} Logistiek B.V.",
    addresses: "Maasboulevard {n}, #### @@ Rotterdam|Prinsengracht {n}, #### @@ Amsterdam|Sint Jacobstraat {n}, #### @@ 's-Hertogenbosch|Oude Kade {n}-II, #### @@ Delfzijl",
    account: "@@@@##########",
};

const BE: Land = Land {
    code: "BE",
    order: GivenFirst,
    given: "Amélie=Amelie|Gaëtan=Gaetan|Maïté=Maite|Wout|Liesbeth|Éloïse=Eloise|Jürgen=Jurgen|Anaïs=Anais",
    family: "Van den Bossche|Peeters|Lefèvre=Lefevre|D'Hondt|De Bruÿn=De Bruyn|Müllender=Mullender|Verstraeten|Gérard=Gerard",
    firms: "{} Import BV|Établissements {} SA=Etablissements {} SA|{} & Fils SRL|Gebroeders {} NV",
    addresses: "Noorderlaan {n}, 20## Antwerpen|Rue de la Régence {n}, 10## Bruxelles|Quai de Coronmeuse {n}, 40## Liège|Dampoort {n} bus 4, 90## Gent",
    account: "##########",
};

const DE: Land = Land {
    code: "DE",
    order: GivenFirst,
    given: "Jürgen=Juergen|Käthe=Kaethe|Jörg=Joerg|Anneliese|Björn=Bjoern|Hüseyin=Hueseyin|Ulrike|Zoé=Zoe",
    family: "Müller=Mueller|Weiß=Weiss|Schröder=Schroeder|Großkopf=Grosskopf|von Bülow=von Buelow|Yıldız=Yildiz|Jäger=Jaeger|Strauß-Köhler=Strauss-Koehler",
    firms: "{} Handels GmbH|{} Im- und Export GmbH & Co. KG|Gebrüder {} OHG=Gebrueder {} OHG|Spedition {} AG",
    addresses: "Überseeallee {n}, 20### Hamburg|Königstraße {n}, 70### Stuttgart|Am Schürmannshütt {n}, 47### Moers|Straße des 17. Juni {n}, 10### Berlin",
    account: "##################",
};

const FR: Land = Land {
    code: "FR",
    order: GivenFirst,
    given: "Hélène=Helene|Loïc=Loic|François=Francois|Zoé=Zoe|Gaël=Gael|Inès=Ines|Maël=Mael|Chloë=Chloe",
    family: "Lefèvre=Lefevre|Crèvecœur=Crevecoeur|de La Tour d'Auvergne|Gonçalves=Goncalves|Bénéteau=Beneteau|L'Hôpital=L'Hopital|Nguyễn=Nguyen|Œuvrard=Oeuvrard",
    firms: "Société {} SARL=Societe {} SARL|{} Frères S.A.S.=Freres {} S.A.S.|Négoce {} EURL=Negoce {} EURL|Transit {} S.A.",
    addresses: "12 bis, quai de la Mégisserie, 750## Paris|{n}, boulevard de Strasbourg, 76### Le Havre|{n}, rue de l'Évêché, 13### Marseille|{n}, chemin des Abîmes, 73### Chambéry",
    account: "#######################",
};

const PL: Land = Land {
    code: "PL",
    order: GivenFirst,
    given: "Łukasz=Lukasz|Małgorzata=Malgorzata|Żaneta=Zaneta|Stanisław=Stanislaw|Bożena=Bozena|Wojciech|Agnieszka|Święcisław=Swiecislaw",
    family: "Wiśniewski=Wisniewski|Wójcik=Wojcik|Dąbrowska=Dabrowska|Źródłowski=Zrodlowski|Święch=Swiech|Gżegżółka=Gzegzolka|Nowak|Jabłoński=Jablonski",
    firms: "{} Sp. z o.o.|Przedsiębiorstwo Handlowe {}=Przedsiebiorstwo Handlowe {}|{} i Synowie S.A.|Hurtownia {} s.c.",
    addresses: "ul. Świętojańska {n}, 81-### Gdynia|ul. Łódzka {n}/4, 60-### Poznań|al. Niepodległości {n}, 02-### Warszawa|ul. Żwirki i Wigury {n}, 43-### Bielsko-Biała",
    account: "########################",
};

const CZ: Land = Land {
    code: "CZ",
    order: GivenFirst,
    given: "Jiří=Jiri|Zdeňka=Zdenka|Ondřej=Ondrej|Růžena=Ruzena|Tomáš=Tomas|Štěpánka=Stepanka|Vojtěch=Vojtech|Božena=Bozena",
    family: "Dvořák=Dvorak|Němcová=Nemcova|Kříž=Kriz|Řezníček=Reznicek|Šťastný=Stastny|Žižka=Zizka|Procházka=Prochazka|Hůlka=Hulka",
    firms: "{} s.r.o.|Velkoobchod {} a.s.|{} a synové v.o.s.=a synove {} v.o.s.|Obchodní dům {} s.r.o.=Obchodni dum {} s.r.o.",
    addresses: "Vinohradská {n}, 120 ## Praha 2|náměstí Svobody {n}, 602 ## Brno|Přístavní {n}, 170 ## Praha 7|Říční {n}, 400 ## Ústí nad Labem",
    account: "####################",
};

const GR: Land = Land {
    code: "GR",
    order: GivenFirst,
    given: "Γιώργος=Giorgos|Ελένη=Eleni|Αθανάσιος=Athanasios|Χριστίνα=Christina|Θεόδωρος=Theodoros|Ευαγγελία=Evangelia|Ξενοφών=Xenofon|Ιφιγένεια=Ifigeneia",
    family: "Παπαδόπουλος=Papadopoulos|Χατζηδάκη=Chatzidaki|Οικονόμου=Oikonomou|Ψαρρός=Psarros|Γεωργίου=Georgiou|Ξανθάκης=Xanthakis|Αϊβαλιώτης=Aivaliotis|Δημητρίου=Dimitriou",
    firms: "Αφοί {} Ο.Ε.=Afoi {} O.E.|Εισαγωγική {} Α.Ε.=Eisagogiki {} A.E.|{} και Υιοί Ε.Π.Ε.={} kai Yioi E.P.E.|Ναυτιλιακή {} Α.Ε.=Naftiliaki {} A.E.",
    addresses: "Λεωφόρος Κηφισίας {n}, 115 ## Αθήνα|Ακτή Μιαούλη {n}, 185 ## Πειραιάς|Τσιμισκή {n}, 546 ## Θεσσαλονίκη|Όθωνος-Αμαλίας {n}, 262 ## Πάτρα",
    account: "#######################",
};

const BG: Land = Land {
    code: "BG",
    order: GivenFirst,
    given: "Георги=Georgi|Цветелина=Tsvetelina|Йордан=Yordan|Стоянка=Stoyanka|Любомир=Lyubomir|Гергана=Gergana|Щериян=Shteriyan|Ангел=Angel",
    family: "Димитров=Dimitrov|Желязкова=Zhelyazkova|Чернев=Chernev|Иванчева=Ivancheva|Търновски=Tarnovski|Юруков=Yurukov|Шишкова=Shishkova|Василев=Vasilev",
    firms: "{} и син ООД={} i sin OOD|Вносител {} ЕООД=Vnositel {} EOOD|Търговска къща {} АД=Targovska kashta {} AD|{} Логистика ЕАД={} Logistika EAD",
    addresses: "бул. „Цар Борис III“ {n}, 16## София|ул. „Приморска“ {n}, 90## Варна|ул. „Индустриална“ {n}, 80## Бургас|бул. „Шести септември“ {n}, 40## Пловдив",
    account: "@@@@##############",
};

const PT: Land = Land {
    code: "PT",
    order: GivenFirst,
    given: "João=Joao|Conceição=Conceicao|Inês=Ines|Tomé=Tome|Mónica=Monica|Luís=Luis|Graça=Graca|Simão=Simao",
    family: "Gonçalves=Goncalves|de Magalhães=de Magalhaes|Assunção=Assuncao|Simões=Simoes|Araújo=Araujo|Brandão=Brandao|D'Ávila=D'Avila|Sá=Sa",
    firms: "{} & Irmãos, Lda.={} & Irmaos, Lda.|Importações {}, S.A.=Importacoes {}, S.A.|Armazéns {}, Lda.=Armazens {}, Lda.",
    addresses: "Rua da Alfândega {n}, 1100-### Lisboa|Avenida da Boavista {n}, 4100-### Porto|Largo de São João {n}, 2900-### Setúbal",
    account: "#####################",
};

const DK: Land = Land {
    code: "DK",
    order: GivenFirst,
    given: "Søren=Soren|Bjørg=Bjorg|Åse=Aase|Jørgen=Jorgen|Mette|Kåre=Kaare|Sørine=Sorine|Ægir=Aegir",
    family: "Kjærgaard=Kjaergaard|Ørsted=Orsted|Sørensen=Sorensen|Ågesen=Aagesen|Bækgaard=Baekgaard|Møller=Moller|Østergård=Ostergaard|Holm",
    firms: "{} Import ApS|Brødrene {} A/S=Brodrene {} A/S|{} Søfragt I/S={} Sofragt I/S",
    addresses: "Søndre Ringgade {n}, 8### Aarhus C|Kalvebod Brygge {n}, 15## København V|Ærøvej {n}, 57## Svendborg",
    account: "##############",
};

const SE: Land = Land {
    code: "SE",
    order: GivenFirst,
    given: "Åsa=Asa|Östen=Osten|Björn=Bjorn|Märta=Marta|Göran=Goran|Sölve=Solve|Elin|Håkan=Hakan",
    family: "Öberg=Oberg|Sjöström=Sjostrom|Åkerlund=Akerlund|Lindqvist|Hägg=Hagg|Nyström=Nystrom|Ekelöf=Ekelof|af Ström=af Strom",
    firms: "{} Import AB|Bröderna {} AB=Broderna {} AB|{} Spedition HB",
    addresses: "Skeppsbron {n}, 111 ## Stockholm|Östra Hamngatan {n}, 411 ## Göteborg|Värnhemsvägen {n}, 212 ## Malmö",
    account: "####################",
};

const FI: Land = Land {
    code: "FI",
    order: GivenFirst,
    given: "Päivi=Paivi|Yrjö=Yrjo|Äänekki=Aanekki|Väinö=Vaino|Sirkka|Mäcca=Macca|Tyyne|Jyrki",
    family: "Hämäläinen=Hamalainen|Yli-Äyhö=Yli-Ayho|Mäkelä=Makela|Öhman=Ohman|Työläjärvi=Tyolajarvi|Niemi|Hyvönen=Hyvonen|Räikkä=Raikka",
    firms: "{} Tuonti Oy|Veljekset {} Oy|{} Ab Oy",
    addresses: "Satamakatu {n}, 00### Helsinki|Hämeenkatu {n}, 33### Tampere|Itäväylä {n}, 48### Kotka",
    account: "##############",
};

const ES: Land = Land {
    code: "ES",
    order: GivenFirst,
    given: "Íñigo=Inigo|Begoña=Begona|José María=Jose Maria|Martí=Marti|Núria=Nuria|Ángel=Angel|Concepción=Concepcion|Álvaro=Alvaro",
    family: "Muñoz Ibáñez=Munoz Ibanez|Peña=Pena|Güell i Puig=Guell i Puig|Ordóñez=Ordonez|Etxeberría=Etxeberria|Núñez=Nunez|de la Cruz|Castaño=Castano",
    firms: "Importaciones {} S.L.|Hermanos {} S.A.|Almacenes {} S.L.U.",
    addresses: "Calle de la Aduana {n}, 28### Madrid|Passeig de Colom {n}, 08### Barcelona|Avenida de la Constitución {n}, 41### Sevilla|Muelle Uribitarte {n}, 48### Bilbao",
    account: "##################",
};

const IT: Land = Land {
    code: "IT",
    order: GivenFirst,
    given: "Nicolò=Nicolo|Letizia|Niccolò=Niccolo|Giosuè=Giosue|Mosè=Mose|Ornella|Ermenegildo|Zoë=Zoe",
    family: "D'Angelò=D'Angelo|Dell'Acqua|Lo Bianco|Nicolè=Nicole|Rossi|Perù=Peru|De Santis|Morò=Moro",
    firms: "{} Importazioni S.r.l.|Fratelli {} S.n.c.|Ditta {} S.p.A.",
    addresses: "Via della Libertà {n}, 16### Genova|Corso Vittorio Emanuele II {n}, 20### Milano|Calle dei Fabbri {n}, 30### Venezia",
    account: "@######################",
};

const AT: Land = Land {
    code: "AT",
    order: GivenFirst,
    given: "Jörg=Joerg|Grüßing=Gruessing|Annemarie|Leopold|Käthe=Kaethe|Öznur=Oeznur|Ägidius=Aegidius|Sissi",
    family: "Gruber|Höllerer=Hoellerer|Müllner=Muellner|Weiß=Weiss|Strauß=Strauss|Öttl=Oettl|Ćosić=Cosic|Schönbühel=Schoenbuehel",
    firms: "{} Warenhandel GmbH|{} & Söhne KG={} & Soehne KG|Großhandel {} e.U.=Grosshandel {} e.U.",
    addresses: "Kärntner Straße {n}, 10## Wien|Südbahnstraße {n}, 80## Graz|Getreidegasse {n}/Top 7, 50## Salzburg",
    account: "################",
};

const IE: Land = Land {
    code: "IE",
    order: GivenFirst,
    given: "Siobhán=Siobhan|Seán=Sean|Caoimhín=Caoimhin|Róisín=Roisin|Pádraig=Padraig|Niamh|Éabha=Eabha|Oisín=Oisin",
    family: "Ó Súilleabháin=O Suilleabhain|O'Brien|Nic Dhonnchadha|Mac Giolla Phádraig=Mac Giolla Phadraig|Ní Bhriain=Ni Bhriain|FitzGerald|Ó Cléirigh=O Cleirigh|Byrne",
    firms: "{} Imports Ltd|{} & Sons DAC|{} Freight Ltd",
    addresses: "{n} Sir John Rogerson's Quay, Dublin 2, D02 @#@#|{n} Sráid Phádraig, Corcaigh, T12 @@##|{n} Eyre Square, Galway, H91 @#@#",
    account: "@@@@##############",
};
