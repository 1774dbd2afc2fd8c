"""The Hugging Face hub: its local cache first, then the network with short time-outs.

In huggingface_hub 2.4 `snapshot_download` asks for the list of files without any timeout and waits for ever on a server
that does not answer; `hf_hub_download` repeats a lost first request for minutes. So the first request here has a short
timeout of its own and is not repeated: 5 s in all on a mute server, 0.7 s where the connection is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import ModelError
from engine.progress import Monitor

PROBE_SECONDS = 4.0


class HubUnreachable(ModelError):
    """The hub could not be asked; what is wanted may well be there."""


def cached_snapshot(name: str) -> Path | None:
    """The folder of a model in the local hub cache, None if it was never fetched. No network."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def file_sizes(name: str) -> dict[str, int]:
    """The files of a model on the hub and their sizes in bytes: one request, a few seconds at most.

    Raises:
        ModelError: one sentence that says why the hub does not give them.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        info = HfApi().model_info(name, timeout=PROBE_SECONDS, files_metadata=True)
    except GatedRepoError as error:
        raise ModelError(
            "the hub gives this model only to those who accepted its terms",
            where=name,
            hint="accept them on its page and run `hf auth login`",
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            "this is neither a folder nor a public model on the hub",
            where=name,
            hint="check the spelling, or run `hf auth login` for a private model",
        ) from error
    except HfHubHTTPError as error:
        raise HubUnreachable(
            f"the hub refused the request ({error.response.status_code})",
            where=name,
            hint="try again later, or name a local folder",
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            "this is no folder and not in the hub cache, and HF_HUB_OFFLINE forbids to fetch it",
            where=name,
            hint="name a local folder, or unset HF_HUB_OFFLINE",
        ) from error
    except Exception as error:  # transport errors are httpx's or httpx2's, by the version of the hub library
        raise HubUnreachable(
            f"this is no folder and not in the hub cache, and the hub cannot be reached ({error})",
            where=name,
            hint="name a local folder, or connect to the network once",
        ) from error
    return {file.rfilename: file.size or 0 for file in info.siblings or []}


def download(name: str, sizes: dict[str, int], wanted: Iterable[str], monitor: Monitor) -> Path:
    """Fetch files into the hub cache, weights last, and return their folder.

    Args:
        name: hub id.
        sizes: from `file_sizes`.
        wanted: the files to fetch.
        monitor: told the bytes that are there after each file.

    Raises:
        ModelError: the connection was lost for good; what is there is kept, and the next try goes on from it.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    files = sorted(wanted, key=lambda file: (file.endswith(".safetensors"), file))
    done, total = 0, sum(sizes[file] for file in files)
    for file in files:
        monitor.step("download", done, total, file=file)
        try:
            hf_hub_download(name, file, etag_timeout=PROBE_SECONDS)
        except Exception as error:  # as in `file_sizes`
            raise ModelError(f"the download of {file} broke off ({error})", where=name, hint="try again") from error
        done += sizes[file]
    monitor.step("download", total, total)
    folder = cached_snapshot(name)
    if folder is None:
        raise ModelError("the model has no config.json on the hub", where=name, hint="name a transformers model")
    return folder
