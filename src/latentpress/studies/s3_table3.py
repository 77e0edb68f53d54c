"""Table 3 of the survey S3 (Wang and Wang 2023): its ladder of rates, taken apart into curves."""

from __future__ import annotations

from latentpress.studies.base import Request, Result, Table
from latentpress.studies.survey_rows import ANCHOR, Row, measure_rows, number, percent

__all__ = ["ROWS", "run"]


def _row(label: str, cells: tuple[float, float, float, float], coder: str, remark: str) -> Row:
    psnr, ssim, ms_ssim, rate = cells
    printed = (f"{psnr:.3f}", f"{ssim:.1f} %", f"{ms_ssim:.1f} %", f"{rate:.1f} %")
    return Row(label, printed, coder, rate / 100, remark)


ROWS = (
    _row("Sun et al. [30], CNN", (31.735, 84.1, 95.3, 52.4), "", "our 8-bit networks are measured elsewhere"),
    _row("Brummer et al. [31], CNN", (33.432, 85.7, 96.1, 50.1), "entropy-manypriors", ""),
    _row("Kamisli [32], CNN", (32.753, 83.4, 94.3, 56.7), "kamisli", ""),
    _row("Koyuncu et al. [33], called RNN", (28.431, 80.2, 91.7, 44.8), "entropy-contextformer-spatial", ""),
    _row("Fu et al. [34], called RNN", (28.982, 81.3, 92.1, 46.0), "", ""),
    _row("Islam et al. [35], RNN", (26.682, 79.5, 90.3, 41.2), "", ""),
    _row("Iwai et al. [36], GAN", (22.831, 72.7, 88.5, 30.1), "", "a second synthesis: its files are hyperprior's"),
    _row("Lin et al. [37], GAN", (21.084, 71.8, 87.3, 28.6), "", "a restorer and no codec"),
    _row("Mulkiah et al. [38], GAN", (23.127, 73.9, 87.6, 33.7), "", "an encryption: see s3-encryption"),
    Row("(not in the table) this package's default", ("", "", "", ""), "hyperprior", 0.5, ""),
    Row("(not in the table) JPEG 4:2:0", ("", "", "", ""), ANCHOR, 0.5, ""),
)
"""The rows as printed (PSNR, SSIM, MS-SSIM, BPP), and the coder that stands for each."""


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder of pictures."""
    data = measure_rows(ROWS, request, "s3-table3")
    cells = []
    for row in data["rows"]:
        found = row["measured"] or {}
        here, jpeg = found.get("at_rate", {}), found.get("jpeg_at_rate", {})
        cells.append(
            (
                row["label"],
                *row["printed"],
                row["coder"] or f"- {row['remark']}".rstrip(" -") or "-",
                number(row["rate"], ".3f"),
                number(here.get("psnr"), ".2f"),
                number(here.get("ssim"), ".4f"),
                number(here.get("ms-ssim"), ".4f"),
                number(jpeg.get("psnr"), ".2f"),
                percent(found.get("bd_rate_psnr")),
                percent(found.get("bd_rate_ms_ssim")),
            )
        )
    columns = (
        "row", "printed PSNR, dB", "printed SSIM", "printed MS-SSIM", "printed BPP", "coder here", "read at, bpp",
        "PSNR, dB", "SSIM", "MS-SSIM", "JPEG's PSNR there", "BD-rate on JPEG, PSNR", "BD-rate on JPEG, MS-SSIM",
    )  # fmt: skip
    intro = [
        "Table 3 of Wang and Wang 2023 sets nine networks side by side on COCO, each at one rate of its own, and ranks "
        "three families by it. PSNR, SSIM, MS-SSIM and rate rise together in it: it is one ladder of rates and no "
        "comparison. Here what is built after each row codes the same pictures, whole files, at five qualities; it is "
        "read at the printed rate, and compared with JPEG over all rates.",
    ]
    notes = [
        "BPP is printed in per cent; 52.4 % can only mean 0.524 bits a pixel. The survey's sentence that a higher BPP "
        "is a higher compression ratio has it the wrong way round.",
        "Rows 4 and 5 are called recurrent: Contextformer is a transformer over latents, and Fu's network a "
        "convolutional one with a hybrid entropy model. Only Islam's is recurrent.",
        "The printed figures cannot be those of the papers: Contextformer saves up to 11 % against VVC by its own "
        "account and is listed at 28.4 dB for 0.448 bpp, which is JPEG's place on Kodak; Iwai's model works at 0.03 "
        "and 0.06 bpp and is listed at 0.301. They are the survey's own re-creations, and no targets.",
        "Ours are small networks with minutes of training on a CPU each; their order says little about fully trained "
        "ones. Rows of one family share a transform where they differ in the entropy model alone.",
        "Values at a rate are linear in the logarithm of the rate, of means over pictures.",
    ]
    table = Table("Printed on COCO, and measured here", columns, cells)
    return Result("s3-table3", "Table 3 of the survey S3, at equal rates", intro, [table], notes, data)
