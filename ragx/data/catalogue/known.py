"""The catalogue of public datasets; the data itself stays with its publishers."""

from ragx.data.catalogue.entry import CatalogueEntry, CatalogueFile

GITHUB = "https://raw.githubusercontent.com"
RECBOLE = f"{GITHUB}/RUCAIBox/RecBole/7b02be5ec80a88310f2d04a27a82adfcbb5dc211/dataset/ml-100k"
S3REC = f"{GITHUB}/RUCAIBox/CIKM2020-S3Rec/2a81540ae18615d88ef88227b0c066e5b74781e5/data"
TURBO = "rebuilt as text from dataset/*_train.npz of github.com/jindeok/Turbo-CF at 233f7f4d."
LIGHTGCN = "data/*/test.txt of github.com/gusye1234/LightGCN-PyTorch at 947ca2b3."
LIGHTGCNPP = "data/*/valid.txt of github.com/geon0325/LightGCNpp at a394f79a."
ATOMIC = "dataset/ml-100k of github.com/RUCAIBox/RecBole at 7b02be5e."
S3 = "data of github.com/RUCAIBox/CIKM2020-S3Rec at 2a81540a."
SSLREC = "converted from datasets/multi_behavior/retail_rocket of github.com/HKUDS/SSLRec at 7597c31c."
UCI = "rebuilt from two copies of archive.ics.uci.edu/dataset/352/online+retail."

CATALOGUE = (
    CatalogueEntry(
        name="gowalla",
        num_users=29_858,
        num_items=40_981,
        num_interactions=1_027_370,
        licence="not stated by the publishers; original data SNAP loc-gowalla",
        note="The split of LightGCN (He et al., 2020); validation of LightGCN++ (2024).",
        files=(
            CatalogueFile(
                path="gowalla/train.txt.gz",
                sha256="71a2faabd7e5eed1c9df325798a213695c293739970a47bed0a983355f6687e3",
                content_sha256="0f086326b28a56c2e6dcb81d86ee72d4ccb7eed3a8d26788392356d8f51111cc",
                size=4_633_414,
                source=TURBO,
            ),
            CatalogueFile(
                path="gowalla/valid_lightgcnpp.txt.gz",
                sha256="8d357b0921ba5b25702387b91f135c946959836d3382489b2f1012edd9301122",
                content_sha256="ddc22c1cd9a7d14fd5cd0c98b1473b614f4323038fef74ae0d28cc9c92a08ba2",
                size=669_008,
                source=LIGHTGCNPP,
            ),
            CatalogueFile(
                path="gowalla/test.txt.gz",
                sha256="9db4414306dbc518d3b81b0239515497908ecd6de09df99c6a92ba171e75b902",
                content_sha256="099a2a73924e4b754dc6efd730d764f492321b53c38eb93298850c83acf57be3",
                size=1_372_559,
                url=f"{GITHUB}/gusye1234/LightGCN-PyTorch/947ca2b3b1d2d3545b114145710cb06c4e57b3d2/data/gowalla/test.txt",
                source=LIGHTGCN,
            ),
        ),
    ),
    CatalogueEntry(
        name="yelp2018",
        num_users=31_668,
        num_items=38_048,
        num_interactions=1_561_406,
        licence="not stated by the publishers; original data under Yelp's dataset terms",
        note="The split of LightGCN (He et al., 2020); validation of LightGCN++ (2024).",
        files=(
            CatalogueFile(
                path="yelp2018/train.txt.gz",
                sha256="d43e1b2d0af4231c7d2a02a949b5b562d2ab50275d0328fa646f30e9ba11bb8a",
                content_sha256="5588ebbcbf9ab10cdf7a70aa300f2ef781030daa2a94ef0685598ed051a398da",
                size=6_904_880,
                source=TURBO,
            ),
            CatalogueFile(
                path="yelp2018/valid_lightgcnpp.txt.gz",
                sha256="152946e7d285793a1c9a08cf41c710fd638e1d05bcfe778be0c984583635a9b8",
                content_sha256="620f370eeab44103abdd5f468e29baaaa21d203bddc3422ebc07e4cf7e83f0fe",
                size=960_538,
                source=LIGHTGCNPP,
            ),
            CatalogueFile(
                path="yelp2018/test.txt.gz",
                sha256="fa12923645091f92e5665f98f692cb3764d7c62eb449687a2f8dd862df23306e",
                content_sha256="9cd9b37926cd1447a06625ffa7914527573fb097c10cb0bbdb1d1b8ded3742fe",
                size=1_986_152,
                url=f"{GITHUB}/gusye1234/LightGCN-PyTorch/947ca2b3b1d2d3545b114145710cb06c4e57b3d2/data/yelp2018/test.txt",
                source=LIGHTGCN,
            ),
        ),
    ),
    CatalogueEntry(
        name="ml-100k",
        num_users=943,
        num_items=1_682,
        num_interactions=100_000,
        licence="GroupLens: research use, no redistribution or commercial use without permission",
        note="Ratings of films, as RecBole's atomic files.",
        files=(
            CatalogueFile(
                path="ml-100k/ml-100k.inter.gz",
                sha256="9b437e45bc8f23e6672be54b8f4ad85856ce1667fc74f502a4296d55e40f6203",
                content_sha256="4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
                size=1_979_230,
                url=f"{RECBOLE}/ml-100k.inter",
                source=ATOMIC,
            ),
            CatalogueFile(
                path="ml-100k/ml-100k.user.gz",
                sha256="89d9f71d245d271cff8c9e8def1d75fb08c2a857db3687cdff0742fd8f5420c9",
                content_sha256="4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
                size=22_697,
                url=f"{RECBOLE}/ml-100k.user",
                source=ATOMIC,
            ),
            CatalogueFile(
                path="ml-100k/ml-100k.item.gz",
                sha256="92dddf09e8656b5b2912be8844d5ceed402e1cd48a136c59f72a419b0bf62ed7",
                content_sha256="51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
                size=66_632,
                url=f"{RECBOLE}/ml-100k.item",
                source=ATOMIC,
            ),
        ),
    ),
    CatalogueEntry(
        name="beauty",
        num_users=22_363,
        num_items=12_101,
        num_interactions=198_502,
        licence="not stated by the publishers",
        note="Sequences of S3-Rec (Zhou et al., 2020), 5-core, in order of time, without times.",
        files=(
            CatalogueFile(
                path="s3rec-sequences/Beauty.txt.gz",
                sha256="d90327e98288647f5bae59c0dba82e153af2d940eafb7540f4b05185e108d0fe",
                content_sha256="226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8",
                size=1_090_094,
                url=f"{S3REC}/Beauty.txt",
                source=S3,
            ),
            CatalogueFile(
                path="s3rec-sequences/Beauty_item2attributes.json.gz",
                sha256="1914fdc21c3e1b0c36d23c3fc5e2cf64205bcc47f311ccbe7b51089221188fad",
                content_sha256="129e40f67486f6877eff0f5318cfa8530ee8ac23d8b0d1de04e1bb7a2ba0b2d4",
                size=305_674,
                url=f"{S3REC}/Beauty_item2attributes.json",
                source=S3,
            ),
        ),
    ),
    CatalogueEntry(
        name="sports",
        num_users=35_598,
        num_items=18_357,
        num_interactions=296_337,
        licence="not stated by the publishers",
        note="Sequences of S3-Rec (Zhou et al., 2020), 5-core, in order of time, without times.",
        files=(
            CatalogueFile(
                path="s3rec-sequences/Sports_and_Outdoors.txt.gz",
                sha256="e7c618d95a4d2975ac546950a87a5906efc9956df722be01a2af724638faf527",
                content_sha256="2a095e0648872beb9982408958290f5d655db5be2911c3756b5446de9f0b8de2",
                size=1_707_483,
                url=f"{S3REC}/Sports_and_Outdoors.txt",
                source=S3,
            ),
            CatalogueFile(
                path="s3rec-sequences/Sports_and_Outdoors_item2attributes.json.gz",
                sha256="6059d464f0ec26302d5d763271b158b36e127a15b9c8cb1282c3991bd3be3de5",
                content_sha256="7fb10733ac4f1811384a52144cdefa7fcc7536fa80a7232c5da9bd789155c34b",
                size=653_780,
                url=f"{S3REC}/Sports_and_Outdoors_item2attributes.json",
                source=S3,
            ),
        ),
    ),
    CatalogueEntry(
        name="retailrocket",
        num_users=2_174,
        num_items=29_905,
        num_interactions=97_381,
        licence="Apache-2.0 (repository); terms of the original Kaggle data not stated there",
        note="Views, carts and purchases of a web shop, the set of SSLRec (2023), train part.",
        files=(
            CatalogueFile(
                path="retailrocket-multibehavior/train.parquet",
                sha256="cd94d6e8450890cbf293f72f3f5a852fc6a98e0fe322a6b8740a8a3e23448233",
                content_sha256="cd94d6e8450890cbf293f72f3f5a852fc6a98e0fe322a6b8740a8a3e23448233",
                size=679_373,
                source=SSLREC,
            ),
        ),
    ),
    CatalogueEntry(
        name="online-retail",
        num_users=4_339,
        num_items=3_877,
        num_interactions=397_924,
        licence="not stated by the copies; donor Daqing Chen, UCI repository",
        note="Invoices of a wholesale gift shop; returns and rows without customer or text are left out.",
        files=(
            CatalogueFile(
                path="uci-online-retail/online_retail.parquet",
                sha256="ccf5be46a045e14b1bde89ef2e0bbfcc533d406115ffece5fefca98ad5ca7fc2",
                content_sha256="ccf5be46a045e14b1bde89ef2e0bbfcc533d406115ffece5fefca98ad5ca7fc2",
                size=2_342_349,
                source=UCI,
            ),
        ),
    ),
)


def catalogued(path: str) -> CatalogueFile | None:
    """Return the file of the catalogue with this path below a data folder, or None."""
    return next((file for entry in CATALOGUE for file in entry.files if file.path == path), None)
