"""Table 1 of the survey S3 (Wang and Wang 2023): ten models in three families, and what stands for each here."""

from __future__ import annotations

from latentpress.studies.base import Request, Result, Table
from latentpress.studies.survey_rows import Row, measure_rows, percent

__all__ = ["ROWS", "run"]

ROWS = (
    Row("Tiled network [64]", ("prediction of tiles", "CNN"), "", remark="no weights yet"),
    Row("GDN transform [16]", ("non-linear transform coding", "CNN"), "factorised"),
    Row("3D-CNN entropy model [65]", ("conditional probabilities", "CNN"), "entropy-masked-3d",
        remark="its entropy model on the latents of another network"),
    Row("Multiscale CNN [67]", ("several scales, contexts", "CNN"), "entropy-klopp",
        remark="[67] is Klopp's code-space predictor; the multiscale model is Nakanishi's of 2018"),
    Row("Full-resolution RNN [21]", ("first practical recurrent model", "RNN"), "toderici"),
    Row("Priming RNN [22]", ("priming, spatial contexts", "RNN"), "",
        remark="trains, with no weights shipped: see johnston-2018"),
    Row("Variable-rate RNN [63]", ("convolutional LSTM", "RNN"), "",
        remark="trains, with no weights shipped: see toderici-2015"),
    Row("OMGD [26]", ("online distillation", "GAN"), "", remark="slims networks and is no codec"),
    Row("GC [25]", ("extremely low rates", "GAN"), "agustsson"),
    Row("Real-time adversarial [24]", ("multiscale, adversarial", "GAN"), "rippel"),
)  # fmt: skip
"""The rows as printed (introduction, shortened; category), and the coder that stands for each."""


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder of pictures."""
    data = measure_rows(ROWS, request, "s3-table1")
    cells = []
    for row in data["rows"]:
        found = row["measured"] or {}
        rates = (percent(found.get("bd_rate_psnr")), percent(found.get("bd_rate_ms_ssim")))
        here = f"{row['coder']} - {row['remark']}".strip(" -")
        cells.append((row["label"], *row["printed"], here, *rates))
    columns = ("model", "introduction", "category", "here", "BD-rate on JPEG, PSNR", "BD-rate on JPEG, MS-SSIM")
    intro = [
        "Table 1 of Wang and Wang 2023 names ten models and the family of each, without a figure. Here what is built "
        f"after each codes one set of pictures ({len(data['pictures'])}), whole files, against JPEG 4:2:0 at equal "
        "PSNR and at equal MS-SSIM, over the range that both curves share.",
    ]
    notes = [
        "The families do not order the results. What a model is for does: recurrent ones can be cut anywhere, the "
        "adversarial ones give up PSNR for texture, and GC works below all rates that JPEG reaches.",
        "[26] is a method to slim networks, and listed among models of compression.",
        "Ours are small networks with minutes of training on a CPU each; their order says little about fully trained "
        "ones.",
    ]
    table = Table("As printed, and measured on one set", columns, cells)
    return Result("s3-table1", "Table 1 of the survey S3, on one set of pictures", intro, [table], notes, data)
