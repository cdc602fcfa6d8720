"""One answer to whatever a damaged file makes its readers raise."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, PasswordError

from office.refusals import Refused
from office.uploads import DAMAGE
from org.excel.grid import DAMAGED, PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSOUND: Final = (*DAMAGE, CalamineError, DefusedXmlException, ParseError, ExpatError, KeyError)


@contextmanager
def sound() -> Iterator[None]:
    """Raise ``Refused`` where what is read inside turns out to be locked or damaged."""
    try:
        yield
    except PasswordError as error:
        raise Refused(PASSWORD) from error
    except _UNSOUND as error:
        raise Refused(DAMAGED) from error
    except BaseException as error:
        # calamine's way to give up on bytes its author didn't think of; no Exception, and no class to import.
        if type(error).__name__ == "PanicException":
            raise Refused(DAMAGED) from error
        raise
