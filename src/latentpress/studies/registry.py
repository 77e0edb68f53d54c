"""The studies by name; what one needs is imported when it runs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError
from latentpress.studies.base import Request, Result

__all__ = ["STUDIES", "Study", "get_study"]


@dataclass(frozen=True)
class Study:
    """``about``: one line. ``data``, ``test``: what the options of these names are for; empty where there is no such
    option. ``extra``: the group of optional packages that it needs. ``module``: its ``run``, or the function that is
    named behind a colon, does the work.
    """

    name: str
    about: str
    data: str
    test: str
    extra: str
    module: str

    def run(self, request: Request) -> Result:
        """Do the study. Raises MissingExtraError without its packages, InvalidInputError for wrong folders."""
        if not request.data and self.data:
            raise InvalidInputError(f"{self.name} needs --data DIR: {self.data}")
        if request.data and not self.data:
            raise InvalidInputError(f"{self.name} takes no --data; it makes its own pictures")
        if request.test is not None and not self.test:
            raise InvalidInputError(f"{self.name} takes no --test; it measures on --data")
        if request.test is None and self.test:
            raise InvalidInputError(f"{self.name} needs --test DIR: {self.test}")
        with needs_extra(f"the study {self.name}", self.extra):
            if self.extra == "train":
                import torch  # noqa: F401
            import scipy  # noqa: F401

            module, _, function = self.module.partition(":")
            work = getattr(importlib.import_module(module), function or "run")
        result: Result = work(request)
        return result


STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        Study(
            name="s0-table1",
            about="the nine systems of the survey's table on one set of pictures, against JPEG",
            data="pictures such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.s0_table1",
        ),
        Study(
            name="s1-table1",
            about="autoencoder codec, restored JPEG, JPEG and hyperprior at equal rates, on six pictures",
            data="the 24 Kodak pictures, kodim01.png to kodim24.png",
            test="",
            extra="bench",
            module="latentpress.studies.s1_table1",
        ),
        Study(
            name="s2-table1",
            about="lossless coders on the McMaster pictures",
            data="the 18 McMaster pictures",
            test="",
            extra="bench",
            module="latentpress.studies.s2_table1",
        ),
        Study(
            name="s2-table2",
            about="lossless coders, lc-fdnet among them, on pictures at hand",
            data="lossless pictures, such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.s2_table2",
        ),
        Study(
            name="s3-table1",
            about="the ten models of the survey's table on one set of pictures, against JPEG",
            data="pictures such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.s3_table1",
        ),
        Study(
            name="s3-table2",
            about="the picture sets of the survey's table, what is known of them and what stands for them",
            data="",
            test="",
            extra="bench",
            module="latentpress.studies.s3_table2",
        ),
        Study(
            name="s3-table3",
            about="the nine networks of the survey's table at the printed rates, and against JPEG at all",
            data="pictures such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.s3_table3",
        ),
        Study(
            name="s3-encryption",
            about="encryption of pictures by a logistic map: the usual figures, and an attack that reads everything",
            data="any pictures, such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.s3_encryption",
        ),
        Study(
            name="s3-entropy",
            about="entropy models on the latents of one autoencoder: bytes, times, passes",
            data="pictures, such as Kodak's",
            test="",
            extra="train",
            module="latentpress.studies.s3_entropy",
        ),
        Study(
            name="dbm",
            about="pre-training as a deep Boltzmann machine against random starts",
            data="photographs to train on",
            test="pictures to measure on",
            extra="train",
            module="latentpress.studies.dbm",
        ),
        Study(
            name="s4-dct-dft",
            about="cosines against complex exponentials at equal bytes, over block size and threshold",
            data="pictures such as the Kodak set",
            test="",
            extra="bench",
            module="latentpress.studies.s4_dct_dft",
        ),
        Study(
            name="s4-double-jpeg",
            about="JPEG files that were compressed twice: told apart, by pairs of qualities",
            data="photographs to fit machines on, as in the paper",
            test="pictures to measure on",
            extra="train",
            module="latentpress.studies.s4_double_jpeg",
        ),
        Study(
            name="s4-pistono",
            about="classifiers that read JPEG files as coefficients, dequantised coefficients or pixels",
            data="photographs, for labelled crops",
            test="",
            extra="train",
            module="latentpress.studies.s4_pistono",
        ),
        Study(
            name="s4-deguerre",
            about="a detector of objects on DCT blocks against pixels, on drawn street scenes",
            data="",
            test="",
            extra="train",
            module="latentpress.studies.s4_deguerre",
        ),
        Study(
            name="s4-resnet",
            about="a residual network moved into the frequency domain, by how its ReLUs are approximated",
            data="",
            test="",
            extra="train",
            module="latentpress.studies.s4_resnet",
        ),
        Study(
            name="s4-wan",
            about="consistency of features against JPEG augmentation, by quality",
            data="photographs, for labelled crops",
            test="",
            extra="train",
            module="latentpress.studies.s4_wan",
        ),
        Study(
            name="s4-perceptrons",
            about="codecs of one hidden layer: block sizes, ratios, transfer functions",
            data="photographs to train on",
            test="pictures to measure on",
            extra="train",
            module="latentpress.studies.s4_perceptrons",
        ),
        Study(
            name="s4-restoration",
            about="JPEGs restored, in gray and in colour, beside figures of the literature",
            data="the 29 LIVE1 pictures",
            test="",
            extra="bench",
            module="latentpress.studies.s4_restoration",
        ),
        Study(
            name="guo-2020",
            about="drawn scans of the retina in a 20th to a 160th of their bytes",
            data="",
            test="",
            extra="bench",
            module="latentpress.studies.guo_2020",
        ),
        Study(
            name="krishnaraj-2020",
            about="a wavelet between networks on photographs put under water, and what is printed of it",
            data="photographs, such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.krishnaraj_2020",
        ),
        Study(
            name="li-2019",
            about="zerotrees with contexts by a network, against contexts by rules; files of filter-bank and of spiht",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.li_2019",
        ),
        Study(
            name="s4-ruihua",
            about="adversarial codecs in colour and in gray, against JPEG of the same pictures",
            data="pictures such as Kodak's",
            test="",
            extra="bench",
            module="latentpress.studies.s4_ruihua",
        ),
        Study(
            name="toderici-2015",
            about="binary codes of thumbnails by dense, convolutional and recurrent networks",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.recurrent:toderici_2015",
        ),
        Study(
            name="toderici-2017",
            about="recurrent cells and ways of reconstruction, by areas under curves",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.recurrent:toderici_2017",
        ),
        Study(
            name="johnston-2018",
            about="priming, diffusion, SSIM-weighted loss and spatially adaptive rate",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.recurrent:johnston_2018",
        ),
        Study(
            name="baig-2017",
            about="incremental, skip and stateful layers of a progressive codec",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.recurrent:baig_2017",
        ),
        Study(
            name="islam-2021",
            about="GDN in the recurrent codec, beside JPEG, WebP and HEIC",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.recurrent:islam_2021",
        ),
        Study(
            name="bit-planes",
            about="binary codes: chances that adapt against an integer network that sees 7x7 around",
            data="photographs to train on",
            test="pictures to measure on, such as the Kodak set",
            extra="train",
            module="latentpress.studies.bit_planes",
        ),
    )
}
"""By the names that the command line takes."""


def get_study(name: str) -> Study:
    """The study called ``name``. Raises InvalidInputError if there is none."""
    if name not in STUDIES:
        raise InvalidInputError(f"there is no study {name!r}; there are: {', '.join(STUDIES)}")
    return STUDIES[name]
