"""Table 1 of the survey S0 (Lee 2022): nine results from nine sets, and what stands for each row here."""

from __future__ import annotations

from latentpress.studies.base import Request, Result, Table
from latentpress.studies.survey_rows import Row, measure_rows, percent

__all__ = ["ROWS", "run"]

ROWS = (
    Row("[25] GRU with residual network", ("AUC +4.3 to +8.8 %", "Kodak", "52.61", "1.799"), "toderici"),
    Row("[26] multi-mode intra prediction", ("-28 % rate", "Kodak, CLIC", "33.40", "0.920"), "peixoto"),
    Row("[27] Haar wavelet and network", ("less blur and blocking than JPEG", "CLIC 2019", "31.25", "0.983"), "",
        remark="no weights yet"),
    Row("[28] in the manner of SPIHT, network", ("16.24 % coding gain", "ImageNet", "28.01", ""), "",
        remark="measured at equal trees: see li-2019"),
    Row("[29] network and DCT", ("better than traditional", "DIV2K, LIVE1", "34.51", "0.922"), "",
        remark="a restorer and no codec: see s4-restoration"),
    Row("[30] CNN, adversarial, MS-SSIM", ("80 % compression", "Kodak", "", "0.985"), "",
        remark="a codec for scans: see guo-2020"),
    Row("[31] CCN", ("much faster", "Kodak", "31.01", "0.978"), "entropy-ccn"),
    Row("[32] segmentation on both sides", ("-35.31 % BD-rate", "Kodak, ADE20K", "33.57", "0.977"), "semantic-shared"),
    Row("[33] 20 layers and wavelet", ("79 % space saved", "UWSN", "53.96", ""), "",
        remark="pictures put under water: see krishnaraj-2020"),
)  # fmt: skip
"""The rows as printed (result, set, PSNR, SSIM), and the coder that stands for each."""


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder of pictures."""
    data = measure_rows(ROWS, request, "s0-table1")
    cells = []
    for row in data["rows"]:
        found = row["measured"] or {}
        here = row["coder"] or f"- {row['remark']}".rstrip(" -") or "-"
        rates = (percent(found.get("bd_rate_psnr")), percent(found.get("bd_rate_ms_ssim")))
        cells.append((row["label"], *row["printed"], here, *rates))
    columns = (
        "row", "printed result", "set", "printed PSNR", "printed SSIM", "coder here", "BD-rate on JPEG, PSNR",
        "BD-rate on JPEG, MS-SSIM",
    )  # fmt: skip
    intro = [
        "Table 1 of Lee 2022 collects nine results: different sets, rates and measures, most without a rate. They "
        "cannot be ranked. Here what is built after each row codes one set of pictures, whole files, against JPEG "
        f"4:2:0 at equal PSNR and at equal MS-SSIM, over the range that both curves share ({len(data['pictures'])} "
        "pictures).",
    ]
    notes = [
        "[25]: the source gives areas under rate-distortion curves (of MS-SSIM and of PSNR-HVS); an SSIM of 1.799 "
        "there cannot be. The survey's text calls this row the best with 53.9 dB, which is row [33].",
        "[30]: the source says 40-fold and 80-fold, on scans of the retina by optical coherence tomography.",
        "[32]: the 5 % of bits and 24 % of time are against another layered codec in the source, and not against one "
        "based on HEVC.",
        "[33]: 53.96 dB is nearly lossless; a rate is not printed.",
        "Ours are small networks with minutes of training on a CPU each.",
    ]
    table = Table("Printed, and measured on one set", columns, cells)
    return Result("s0-table1", "Table 1 of the survey S0, on one set of pictures", intro, [table], notes, data)
