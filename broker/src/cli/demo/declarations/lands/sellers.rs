//! Consignors come from here.

use super::{
    Land,
    Order::{FamilyFirst, FamilyFirstJoined, GivenFirst},
};

/// Countries whose firms and persons are consignors; one named twice is met twice as often.
pub(in super::super) const SELLERS: &[&Land] = &[
    &CN, &CN, &CN, &JP, &KR, &KR, &UA, &UA, &RS, &EG, &EG, &MA, &IL, &GE, &AM, &IN, &IN, &TH, &TR, &TR, &VN,
    &BR,
];

const CN: Land = Land {
    code: "CN",
    order: FamilyFirstJoined,
    given: "伟=Wei|秀英=Xiuying|建国=Jianguo|晓明=Xiaoming|丽华=Lihua|志强=Zhiqiang|雪=Xue|子涵=Zihan",
    family: "王=Wang|李=Li|张=Zhang|欧阳=Ouyang|赵=Zhao|吕=Lyu|黄=Huang|司马=Sima",
    firms: "深圳{}进出口有限公司=Shenzhen {} Import & Export Co., Ltd.|上海{}贸易有限公司=Shanghai {} Trading Co., Ltd.|宁波{}机械厂=Ningbo {} Machinery Works|广州{}服装有限公司=Guangzhou {} Garment Co., Ltd.",
    addresses: "广东省深圳市南山区深南大道{n}号|上海市浦东新区世纪大道{n}号|浙江省宁波市北仑区明州路{n}号|广州市越秀区北京路{n}号",
    account: "",
};

const JP: Land = Land {
    code: "JP",
    order: FamilyFirst,
    given: "健=Ken|さくら=Sakura|大輔=Daisuke|陽子=Yoko|翔太=Shota|ユキ=Yuki|薫=Kaoru|直美=Naomi",
    family: "佐藤=Sato|渡邊=Watanabe|齋藤=Saito|髙橋=Takahashi|小野寺=Onodera|林=Hayashi|五十嵐=Igarashi|長谷川=Hasegawa",
    firms: "株式会社{}商店=Kabushiki Kaisha {} Shoten|{}貿易株式会社={} Boeki Kabushiki Kaisha|有限会社{}工業=Yugen Kaisha {} Kogyo|{}エレクトロニクス株式会社={} Electronics Kabushiki Kaisha",
    addresses: "〒10#-00## 東京都千代田区丸の内{n}番地|〒55#-00## 大阪府大阪市北区梅田{n}|〒23#-00## 神奈川県横浜市中区海岸通{n}",
    account: "",
};

const KR: Land = Land {
    code: "KR",
    order: FamilyFirstJoined,
    given: "민준=Minjun|서연=Seoyeon|지훈=Jihun|하늘=Haneul|영숙=Yeongsuk|도윤=Doyun|은지=Eunji|철수=Cheolsu",
    family: "김=Kim|이=Yi|박=Bak|최=Choe|남궁=Namgung|정=Jeong|황보=Hwangbo|윤=Yun",
    firms: "주식회사 {}무역=Jusikhoesa {} Muyeok|{}전자 주식회사={} Jeonja Jusikhoesa|{}물산=Mulsan {}",
    addresses: "서울특별시 중구 세종대로 {n}, 04###|부산광역시 중구 중앙대로 {n}, 48###|인천광역시 연수구 송도과학로 {n}, 21###",
    account: "",
};

const UA: Land = Land {
    code: "UA",
    order: GivenFirst,
    given: "Олександр=Oleksandr|Їванна=Yivanna|Юлія=Yuliia|В'ячеслав=Viacheslav|Ярина=Yaryna|Тарас=Taras|Євгенія=Yevheniia|Ґеорґ=Georg",
    family: "Рубець=Rubets|Шевченко=Shevchenko|Щербак=Shcherbak|Їжакевич=Yizhakevych|Лук'яненко=Lukianenko|Зайцева=Zaitseva|Гнатюк=Hnatiuk|Цибуля=Tsybulia",
    firms: "ТОВ «{}»=TOV {}|ПП «{} і Ко»=PP {} i Ko|Торговий дім «{}»=Torhovyi dim {}",
    addresses: "вул. Хрещатик, {n}, 010## Київ|вул. Дерибасівська, {n}, 650## Одеса|просп. Свободи, {n}, 790## Львів",
    account: "",
};

const RS: Land = Land {
    code: "RS",
    order: GivenFirst,
    given: "Ђорђе=Djordje|Љиљана=Ljiljana|Његош=Njegos|Чедомир=Cedomir|Жељка=Zeljka|Џеваира=Dzevaira|Милош=Milos|Снежана=Snezana",
    family: "Ђорђевић=Djordjevic|Петровић=Petrovic|Љубичић=Ljubicic|Чолић=Colic|Живковић=Zivkovic|Шћепановић=Scepanovic|Његован=Njegovan|Јовановић=Jovanovic",
    firms: "{} д.о.о.={} d.o.o.|Предузеће {} а.д.=Preduzece {} a.d.|Фабрика {} д.о.о.=Fabrika {} d.o.o.",
    addresses: "Кнеза Милоша {n}, 110## Београд|Булевар ослобођења {n}, 210## Нови Сад|Обреновићева {n}, 180## Ниш",
    account: "",
};

const EG: Land = Land {
    code: "EG",
    order: GivenFirst,
    given: "محمد=Mohamed|فاطمة=Fatma|عبد الرحمن=Abd El Rahman|نورهان=Nourhan|يوسف=Youssef|إيمان=Eman|أحمد=Ahmed|مُنى=Mona",
    family: "السيد=El Sayed|حسن=Hassan|عبد العزيز=Abd El Aziz|الشافعي=El Shafei|منصور=Mansour|أبو زيد=Abou Zeid|القاضي=El Kady|رُشدي=Roshdy",
    firms: "شركة {} للتصدير=Sharikat {} lil Tasdir|مؤسسة {} وأولاده=Moassasat {} wa Awladuh|مصنع {} للنسيج=Masnaa {} lil Nasig",
    addresses: "{n} شارع التحرير، القاهرة 115##|{n} طريق الحرية، الإسكندرية 215##|{n} شارع فلسطين، بورسعيد 425##",
    account: "",
};

const MA: Land = Land {
    code: "MA",
    order: GivenFirst,
    given: "خديجة=Khadija|إدريس=Driss|زينب=Zineb|عمر=Omar|سكينة=Soukaina|المصطفى=El Mostafa|هند=Hind|ياسين=Yassine",
    family: "العلوي=Alaoui|بنجلون=Benjelloun|الفاسي=El Fassi|التازي=Tazi|أيت علي=Ait Ali|بوعزة=Bouazza|الإدريسي=El Idrissi|برادة=Berrada",
    firms: "شركة {} ش.م.م=Societe {} SARL|تعاونية {}=Cooperative {}|فواكه {} ش.م=Fruits {} SA",
    addresses: "{n} شارع محمد الخامس، الدار البيضاء 20###|{n} شارع باستور، طنجة 90###|{n} زنقة السبو، أكادير 80###",
    account: "",
};

const IL: Land = Land {
    code: "IL",
    order: GivenFirst,
    given: "נועה=Noa|יצחק=Yitzhak|תמר=Tamar|אליעזר=Eliezer|מיכל=Michal|צבי=Tzvi|רות=Rut|אברהם=Avraham",
    family: "כהן=Cohen|לוי=Levi|בן־דוד=Ben-David|מזרחי=Mizrahi|פרידמן=Fridman|אבוקסיס=Abuksis|שפירא=Shapira|ביטון=Biton",
    firms: "{} סחר בע״מ={} Sahar Ltd|יצוא {} בע״מ=Yetzu {} Ltd|מפעלי {} בע״מ=Mifalei {} Ltd",
    addresses: "רחוב הרצל {n}, תל אביב 61#####|שדרות המגינים {n}, חיפה 33#####|דרך בגין {n}, באר שבע 84#####",
    account: "",
};

const GE: Land = Land {
    code: "GE",
    order: GivenFirst,
    given: "გიორგი=Giorgi|ნინო=Nino|თამარ=Tamar|ზურაბ=Zurab|ქეთევან=Ketevan|ლევან=Levan",
    family: "ბერიძე=Beridze|წერეთელი=Tsereteli|ჭავჭავაძე=Chavchavadze|ღვინიაშვილი=Ghviniashvili|ჯაფარიძე=Japaridze",
    firms: "შპს {}=Shps {}|მარანი {}=Marani {}",
    addresses: "რუსთაველის გამზირი {n}, თბილისი 010#|გოგებაშვილის ქუჩა {n}, ბათუმი 601#",
    account: "",
};

const AM: Land = Land {
    code: "AM",
    order: GivenFirst,
    given: "Արամ=Aram|Անահիտ=Anahit|Հայկ=Hayk|Սիրանուշ=Siranush|Տիգրան=Tigran|Շուշան=Shushan",
    family: "Հակոբյան=Hakobyan|Խաչատրյան=Khachatryan|Պետրոսյան=Petrosyan|Ղազարյան=Ghazaryan|Ծատուրյան=Tsaturyan",
    firms: "{} ՍՊԸ={} SPE|Արարատ {} ԲԲԸ=Ararat {} BBE",
    addresses: "Մաշտոցի պողոտա {n}, Երևան 00##|Ռիժկովի փողոց {n}, Գյումրի 31##",
    account: "",
};

const IN: Land = Land {
    code: "IN",
    order: GivenFirst,
    given: "अमित=Amit|प्रियंका=Priyanka|राजेश=Rajesh|सुनीता=Sunita|कृष्ण=Krishna|दीपिका=Dipika|மீனா=Mina|முருகன்=Murugan",
    family: "शर्मा=Sharma|श्रीवास्तव=Shrivastava|गुप्ता=Gupta|अग्रवाल=Agrawal|चतुर्वेदी=Chaturvedi|சுப்பிரமணியம்=Subramaniyam|पाटिल=Patil|मिश्रा=Mishra",
    firms: "{} एक्सपोर्ट्स प्रा. लि.={} Exports Pvt. Ltd.|{} एंड सन्स={} and Sons|श्री {} टेक्सटाइल्स=Shri {} Textiles",
    addresses: "{n}, महात्मा गांधी मार्ग, मुंबई 400 0##|{n}, चांदनी चौक, दिल्ली 110 0##|{n}, அண்ணா சாலை, சென்னை 600 0##",
    account: "",
};

const TH: Land = Land {
    code: "TH",
    order: GivenFirst,
    given: "สมชาย=Somchai|มาลี=Mali|ประเสริฐ=Prasoet|กนกวรรณ=Kanokwan|วิชัย=Wichai|อรทัย=Orathai",
    family: "ศรีสุข=Sisuk|วงศ์ไทย=Wongthai|เจริญพร=Charoenphon|แก้วมณี=Kaeomani|พงษ์พานิช=Phongphanit",
    firms: "บริษัท {} จำกัด=Borisat {} Chamkat|ห้างหุ้นส่วนจำกัด {}=Hang Hun Suan Chamkat {}",
    addresses: "{n} ถนนสุขุมวิท กรุงเทพมหานคร 101##|{n} ถนนท่าเรือ ชลบุรี 202##",
    account: "",
};

const TR: Land = Land {
    code: "TR",
    order: GivenFirst,
    given: "İbrahim=Ibrahim|Şükran=Sukran|Çağla=Cagla|Işıl=Isil|Gökçe=Gokce|Oğuz=Oguz|Ümit=Umit|Ayşegül=Aysegul",
    family: "Yıldırım=Yildirim|Öztürk=Ozturk|Çelik=Celik|Şahin=Sahin|Güneş=Gunes|Kılıçdağ=Kilicdag|Ağaoğlu=Agaoglu|İnönü=Inonu",
    firms: "{} Tekstil San. ve Tic. A.Ş.={} Tekstil San. ve Tic. A.S.|{} Dış Ticaret Ltd. Şti.={} Dis Ticaret Ltd. Sti.|{} Gıda İhracat A.Ş.={} Gida Ihracat A.S.",
    addresses: "İstiklal Caddesi No: {n}, 34### Beyoğlu/İstanbul|Atatürk Bulvarı No: {n}, 35### Konak/İzmir|Şehitler Mahallesi, Çınar Sokak {n}, 16### Bursa",
    account: "",
};

const VN: Land = Land {
    code: "VN",
    order: FamilyFirst,
    given: "Thị Hường=Thi Huong|Văn Đức=Van Duc|Ngọc Ánh=Ngoc Anh|Quốc Khánh=Quoc Khanh|Thùy Dương=Thuy Duong|Minh Tuấn=Minh Tuan",
    family: "Nguyễn=Nguyen|Trần=Tran|Đặng=Dang|Phạm=Pham|Huỳnh=Huynh|Vũ=Vu|Đỗ=Do",
    firms: "Công ty TNHH {}=Cong ty TNHH {}|Công ty Cổ phần May {}=Cong ty Co phan May {}|Thủy sản {} JSC=Thuy san {} JSC",
    addresses: "{n} Đường Nguyễn Huệ, Quận 1, Thành phố Hồ Chí Minh|{n} Phố Tràng Tiền, Hoàn Kiếm, Hà Nội|{n} Đường Bạch Đằng, Hải Châu, Đà Nẵng",
    account: "",
};

const BR: Land = Land {
    code: "BR",
    order: GivenFirst,
    given: "Thaís=Thais|Antônio=Antonio|Cauã=Caua|Letícia=Leticia|Aparecida|Jônatas=Jonatas|Iracema|Otávio=Otavio",
    family: "Gonçalves Conceição=Goncalves Conceicao|da Assunção=da Assuncao|Sampaio|Araújo=Araujo|Müller Schürmann=Muller Schurmann|Guimarães=Guimaraes",
    firms: "{} Exportadora Ltda.|Café {} S.A.=Cafe {} S.A.|Indústrias {} S/A=Industrias {} S/A",
    addresses: "Avenida Paulista, {n}, São Paulo - SP, 013##-###|Rua do Comércio, {n}, Santos - SP, 110##-###|Praça Mauá, {n}, Rio de Janeiro - RJ, 200##-###",
    account: "",
};
