"""Where a postcode lies: its area letters and the country or English region that holds most of the area."""

from types import MappingProxyType
from typing import Final

NOT_KNOWN: Final = "not known"
"""The level of a derived column whose source is missing or cannot be understood."""

_AREAS: Final = MappingProxyType(
    {
        "North East": "DH DL NE SR TS",
        "North West": "BB BL CA CH CW FY L LA M OL PR SK WA WN",
        "Yorkshire and The Humber": "BD DN HD HG HU HX LS S WF YO",
        "East Midlands": "DE LE LN NG NN",
        "West Midlands": "B CV DY HR ST SY TF WR WS WV",
        "East of England": "AL CB CM CO HP IP LU NR PE SG SS WD",
        "London": "BR CR E EC EN HA IG KT N NW RM SE SM SW TW UB W WC",
        "South East": "BN CT DA GU ME MK OX PO RG RH SL SO TN",
        "South West": "BA BH BS DT EX GL PL SN SP TA TQ TR",
        "Wales": "CF LD LL NP SA",
        "Scotland": "AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE",
        "Northern Ireland": "BT",
    }
)

REGIONS: Final = tuple(_AREAS)
"""The twelve countries and English regions of the United Kingdom (ITL level 1 of the statistical geography)."""

REGION_OF_AREA: Final = MappingProxyType(
    {area: region for region, areas in _AREAS.items() for area in areas.split()}
)
"""Postcode area to region, 121 areas. An area that crosses a border counts where its post town lies.

Written for this project from the public list of postcode areas and their post towns; Guernsey, Jersey and the
Isle of Man (GY, JE, IM) lie outside the United Kingdom and are not in it.
"""
