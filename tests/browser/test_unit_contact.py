"""单位联络员: reads what his unit is called up for, nominates by page and roster, mends, takes back."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import Workbook, load_workbook
from playwright.sync_api import Locator, Page, expect

from org.models import Cadre
from tests.browser.day import NOON, PHONE, Day, confirm, says
from workflow.models import ClassRun, RunRequest, Seat
from workflow.states import RequestKind, RequestState, SeatRank, SeatState

HAITANG = "haitang-contact"


def run_of(name: str, session_no: int = 1) -> ClassRun:
    return ClassRun.objects.get(plan__name=name, plan__union__code="binhai", session_no=session_no)


def people(title: str, unit: str = "haitang") -> list[Cadre]:
    """The unit's people with that post, as they were entered."""
    return list(Cadre.objects.active().filter(unit__code=unit, post_title=title).order_by("pk"))


def seat_of(cadre: Cadre, run: ClassRun) -> Seat:
    return Seat.objects.get(cadre=cadre, run=run)


def own_list(page: Page) -> Locator:
    return page.get_by_role("region", name="本单位名单", exact=True)


def tick(page: Page, *chosen: Cadre) -> None:
    for cadre in chosen:
        page.get_by_label(f"选择 {cadre.name}", exact=True).check()


def roster(folder: Path, name: str, *rows: tuple[object, ...]) -> Path:
    """A unit's own list, its title above the header, a total below."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["海棠街道总工会参训人员名册"])
    sheet.append(["序号", "姓名", "身份证号", "工作单位", "职务", "联系电话"])
    for number, row in enumerate(rows, 1):
        sheet.append([number, *row])
    sheet.append(["合计", len(rows)])
    path = folder / name
    workbook.save(path)
    return path


def test_a_unit_sends_its_people(day: Day) -> None:
    run = run_of("工会财务规范化实务班")
    held, fresh = sorted(people("财会人员"), key=lambda cadre: cadre.last_trained is None)
    other = people("统计人员", "haitang")[:1] or people("法律干部")[:1]
    page = day.sits(HAITANG)
    page.get_by_role("navigation").get_by_role("link", name="名额与报名").click()
    row = page.get_by_role("row", name=run.plan.name)
    expect(row).to_contain_text("还差 2 人")
    day.picture(page, "名额与报名")
    row.get_by_role("link", name=run.plan.name).click()

    # Nobody trained for years comes first; a class of the same business within the year is told beside.
    first = page.locator("table.candidates tbody tr").first
    expect(first).to_contain_text("从未参训")
    expect(page.get_by_role("row", name=held.name)).to_contain_text("以前再次调训须经批准")
    tick(page, held, fresh)
    page.evaluate("scrollTo(0, 0)")
    day.picture(page, "选派人员")
    page.get_by_role("button", name="报名", exact=True).click()
    says(page, "已报名：")
    says(page, f"{held.name}须报重复调训审批")
    expect(own_list(page).get_by_role("row", name=held.name)).to_contain_text("须报审批")
    assert seat_of(held, run).rank == seat_of(fresh, run).rank == SeatRank.FORMAL

    # One more than the quota waits as 候补.
    tick(page, *other)
    page.get_by_role("button", name="报名", exact=True).click()
    says(page, f"名额已满，列为候补：{other[0].name}")
    assert seat_of(other[0], run).rank == SeatRank.RESERVE

    # An exemption wants a reason; then it lies at the training authority.
    own_list(page).get_by_role("link", name=held.name).click()
    page.get_by_label("原因或理由").fill("新任出纳，未学过新制度，确需参加。")
    page.get_by_role("button", name="报重复调训审批").click()
    request = RunRequest.objects.get(run=run, kind=RequestKind.EXEMPT, seats__cadre=held)
    assert request.state == RequestState.REVIEWING
    expect(page.get_by_role("main")).to_contain_text("审核中")

    # Who withdraws is told why; the first 候补 is asked, not promoted.
    page.goto(f"/seats/{seat_of(fresh, run).pk}/")
    page.get_by_label("原因", exact=True).fill("因公出差")
    page.get_by_role("button", name="退出", exact=True).click()
    confirm(page)
    says(page, "退出")
    assert seat_of(fresh, run).state == SeatState.WITHDRAWN
    assert seat_of(other[0], run).state == SeatState.OFFERED
    page.goto("/nominations/")
    expect(page.get_by_role("row", name=run.plan.name)).to_contain_text("1 人递补待答复")
    page.get_by_role("link", name=run.plan.name).click()
    page.get_by_role("link", name="答复递补").click()
    page.get_by_role("button", name="同意递补", exact=True).click()
    accepted = seat_of(other[0], run)
    assert (accepted.state, accepted.rank) == (SeatState.NOMINATED, SeatRank.FORMAL)

    # At the authority: decided, and the unit reads it.
    desk = day.sits("binhai-jiceng-head", f"/requests/{request.pk}/")
    expect(desk.get_by_role("region", name="人员").first).to_contain_text(held.name)
    day.picture(desk, "重复调训审批")
    desk.get_by_role("button", name="同意", exact=True).click()
    assert RunRequest.objects.get(pk=request.pk).state == RequestState.APPROVED
    page.goto(f"/nominations/{run.pk}/{held.unit_id}/")
    expect(own_list(page).get_by_role("row", name=held.name)).to_contain_text("审批已批准")


def test_a_roster_is_checked_mended_and_taken_over(day: Day) -> None:
    run = run_of("集体协商指导员实训班")
    sound, cut = people("工资集体协商指导员")
    [lawyer] = people("法律干部")
    moved = Cadre.objects.filter(unit__code="haitang", status="transferred").order_by("pk").first()
    assert moved is not None
    faulty = roster(
        day.folder,
        "海棠街道名册.xlsx",
        (f" {sound.name} ", f"{sound.identity_number[:6]} {sound.identity_number[6:]}", "海棠街道", "", ""),
        (cut.name, int(cut.identity_number[:15] + "000"), "海棠街工会", "", ""),
        (moved.name, moved.identity_number, "海棠街道总工会", "", ""),
        ("王小明", lawyer.identity_number, "海棠街道总工会", "法律干部", ""),
    )
    page = day.sits(HAITANG, "/nominations/")
    page.get_by_role("link", name=run.plan.name).click()
    page.get_by_role("link", name="上传名册").click()
    day.look(page)
    page.get_by_label("名册").set_input_files(faulty)
    page.get_by_role("button", name="上传并核查").click()

    expect(page.get_by_role("heading", name="核查名册")).to_be_visible()
    rows = page.get_by_role("region", name="核查结果").locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text=sound.name)).to_contain_text("通过")
    expect(rows.filter(has_text=cut.name)).to_contain_text("Excel 只保留前 15 位")
    expect(rows.filter(has_text=moved.name)).to_contain_text("不在岗")
    expect(rows.filter(has_text="王小明")).to_contain_text(f"这个证件号码在名册中是“{lawyer.name}”")
    expect(page.get_by_role("main")).not_to_contain_text(lawyer.identity_number)
    day.picture(page, "名册核查")
    page.get_by_role("link", name="要修改 3").click()
    expect(rows).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载要修改的行（3）").click()
    sheet = load_workbook(BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    told = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert any("Excel 只保留前 15 位" in text for text in told)
    assert not Seat.objects.filter(run=run, unit=sound.unit).exists()

    mended = roster(
        day.folder,
        "海棠街道名册（改）.xlsx",
        (sound.name, sound.identity_number, "海棠街道", "", "138 0000 5555"),
        (cut.name, cut.identity_number, "海棠街工会", "", ""),
        (lawyer.name, lawyer.identity_number.lower(), "海棠街道总工会", "法律干部", ""),
    )
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="上传名册").click()
    page.get_by_label("名册").set_input_files(mended)
    page.get_by_role("button", name="上传并核查").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="报名 3 人").click()
    says(page, "已报名 3 人，其中候补 1 人")
    ranks = dict(Seat.objects.filter(run=run, unit=sound.unit).values_list("name", "rank"))
    assert ranks == {
        sound.name: SeatRank.FORMAL,
        cut.name: SeatRank.FORMAL,
        lawyer.name: SeatRank.RESERVE,
    }
    assert seat_of(sound, run).phone == "13800005555"
    day.look(page)


def test_without_javascript_on_a_phone(day: Day) -> None:
    run = run_of("劳动争议调解实务班")
    chosen = people("劳动争议调解员")[-1]
    page = day.sits(HAITANG, "/nominations/", javascript=False, viewport=PHONE)
    page.get_by_role("link", name=run.plan.name).click()
    tick(page, chosen)
    page.get_by_label("说明").fill("本单位推荐。")
    page.get_by_role("button", name="报名", exact=True).click()
    expect(own_list(page)).to_contain_text(chosen.name)
    assert seat_of(chosen, run).explanation == "本单位推荐。"


def test_whom_the_unit_has_forgotten(day: Day) -> None:
    page = day.sits(HAITANG, "/people/forgotten/?view=long")
    listed = page.get_by_role("region", name="长期未训").locator("tbody tr")
    names = [row.get_by_role("link").inner_text() for row in listed.all()]
    cut = NOON.date().replace(year=NOON.year - 3)
    long_ago = Cadre.objects.active().filter(unit__code="haitang", last_trained__lt=cut)
    assert names == list(long_ago.order_by("last_trained", "pk").values_list("name", flat=True))
    page.get_by_role("link", name="从未参训").click()
    never = Cadre.objects.active().filter(unit__code="haitang", last_trained=None)
    expect(listed).to_have_count(never.count())

    desk = day.sits("binhai-jiceng-head", "/people/forgotten/")
    desk.get_by_label("单位").select_option(label="白鹭镇总工会")
    expect(desk.get_by_role("main")).to_contain_text("白鹭镇总工会")
    day.picture(desk, "长期未训")
    desk.get_by_role("link", name="单位负荷").click()
    expect(desk.get_by_role("heading", name="单位负荷")).to_be_visible()
    day.look(desk)


def test_a_cadre_sees_what_he_is_called_to_and_nothing_else(day: Day) -> None:
    page = day.sits("haitang-cadre", "/my-training/")
    expect(page.get_by_role("main")).to_contain_text("社会化工会工作者能力提升班")
    expect(page.get_by_role("main")).to_contain_text("2024年社会化工会工作者培训班")
    day.picture(page, "我的培训")
    expect(page.get_by_role("navigation").get_by_role("link", name="名额与报名")).to_have_count(0)
    for run in (run_of("集体协商指导员实训班"), run_of("社会化工会工作者能力提升班")):
        for address in (f"/runs/{run.pk}/", f"/runs/{run.pk}/seats/", f"/nominations/{run.pk}/1/"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 404
