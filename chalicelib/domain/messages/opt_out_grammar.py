"""The words and phrases by which people ask for no more messages, in English, Russian and Romanian. Pure.

A word set has words in any form; a grammar has one core a line. A line that begins with blanks goes on with
the line above. Cores are regular expressions over the plain words of a clause.
"""

from chalicelib.domain.messages.reply_text import bare, once


def _set(words: str) -> frozenset[str]:
    return frozenset(once(bare(words)).split())


def _one_line(pattern: str) -> str:
    """The pattern without the line breaks of its source."""
    return "".join(line.strip() for line in pattern.strip().splitlines())


# --- words around a core

SOFT = _one_line(
    """
    please|pls|plz|kindly|just|really|already|пожалуйста|пожалуста|пж|плиз|уже|же|очень|просто
    |va rog(?:  frumos|  mult)?
    """
)
"""They change nothing wherever they stand."""
AROUND = _set(
    """
    please pls plz plse now ok okay thanks thank you thx just already right immediately hi hello hey sir
    madam all at once forever пожалуйста пж плиз уже спасибо ну все прошу вас здравствуйте добрый день
    вечер утро привет срочно немедленно же мне меня навсегда тут сейчас раз девушка девушки извините
    можете товарищи va rog te multumesc mersi buna ziua seara salut deja acum imediat odata gata puteti
    poti
    """
)
"""They change nothing about a bare word."""

BEFORE = AROUND | _set(
    """
    can could would will u rather and so again i we want you to like kindly ask asked have told said be
    must need should guys team good morning afternoon evening day dear im am asking do how it is this the
    really wish id no but yes я мы вы нас нам никогда больше можно могли может бы просила просил просим
    сказала сказал говорила говорил хочу хотела хотел хотелось желаю требую как еще очень большая просьба
    нет да но а и последний господа коллеги ребята будьте добры eu noi as vreau vrem doresc dorim sa pot
    cum ma mi ne spus dar si iar inca o data v domnule doamna dimineata da solicit cer vrea
    """
)
"""A request begins with them."""

AFTER = _set(
    """
    please pls plz now anymore any more again ever never thanks thank you immediately right away already
    at all forever salon company studio today ok okay sir madam guys it me us to from here this the that
    these those number phone my of on and everything anything nothing stuff your yours further no longer
    asap messages texts message text sms reminders spam ads promotions offers for good list either so i am
    every day week time constantly always not interested пожалуйста пж плиз больше никогда мне нам сюда
    уже спасибо на этот номер телефон мой вообще все ничего совсем никаких никакие сообщения сообщений смс
    рассылки рассылку рассылок рекламу рекламы спам спама от вас вы ваши ваших это эти этой этих сейчас
    впредь отсюда навсегда срочно немедленно и пожалуста очень прошу никому из для вашего салона
    уведомления уведомлений раз просьба наконец каждый день неделю постоянно вам смски нас va rog te
    multumesc mersi mai niciodata acum imediat deloc pe acest numar numarul meu telefon de la voi dvs
    dumneavoastra mesaje mesajele uri sms-uri reclame reclamele spamul aici nimic mie noua din partea
    voastra inainte si astea acestea aceste voastre notificari pentru totdeauna salonul vostru deja asta
    ala cu zilnic zi fiecare mereu frumos
    """
)
"""They may follow a request without limiting it."""

NEGATIONS = _set(
    """
    dont not never cant wont didnt doesnt не ни зачем nu n
    """
)
OPENS_OTHERWISE = _set(
    """
    if when why what whether how says said told tell they he she reply did does who until unless while
    after before если когда почему зачем ли что чтобы сказали сказала сказал говорит муж пока как какой
    где будет значит кто daca cand de ce cum unde zice spune spus a zis cine pana inseamna
    """
)
"""They make, before a core, a condition, a question or somebody else's words of it."""
LIMITS = _set(
    """
    only instead except rather use call better только лучше кроме звоните звони позвоните пишите doar
    decat sunati suna schimb numai scrieti new old keep come coming remember новый новая старый старая
    оставьте приду придём буду будем помню nou vechi altul pastrati vin venim
    """
)
"""They take part of the request back, or confirm, in another clause: "call me instead", "only reminders"."""
GOES_ON = _set(
    """
    but if when unless until that но если когда что чтобы как пока dar daca cand ca pana
    """
)
"""A clause after the request that begins with them belongs to it."""
NO = _set(
    """
    no нет nu
    """
)
ASKS = _set(
    """
    can could would will how please kindly можете можно могли как puteti pot poti cum cate
    """
)
"""A question that asks for an opt-out has one of them."""
REQUESTS = ("can ", "could ", "would ", "wil ", "можете", "puteti", "poti")

# --- cores that stand alone

BARE = """
(?:(?:can|could|would|will) (?:you|u) )?(?:i (?:said|told you|repeat|mean) )?(stop|стоп
    |ştop)( (stop|стоп))*( (it|this|that|all|everything|это|все|asta))?
хватит
(прекрати|прекращай|перестань|остановите|прекратите|прекращайте|перестаньте|остановитесь|отстань
    |отстаньте|отвяжитесь|отвалите|отвали|отцепитесь|прекратить|уймитесь)( это| все)?
отпиши|отпишите|отписать|отписка
(opriti|opreste|opri|incetati|inceteaza|inceta|stopati)( va| te)?( asta| odata)?
stop it|enough|quit it|unsub
prekratite|hvatit|xvatit|khvatit|perestante|otstante
"""

REASONS = r"""
(?:i |we )?(?:never|didnt|did not|havent) (?:signed|sign|subscribed?|agreed?|asked?|ask|gave
    |give)(?: \w+){0,6}
(?:(?:you have|its|this is|u have) )?(?:the )?wrong (?:number|person)
(?:im |i am )?(?:not|no longer) (?:interested|your client|your customer|a client|a customer)(?: \w+){0,4}
(?:i |we )?(?:dont|no longer|do not) live(?: \w+){0,4}
(?:i |we )(?:have )?moved(?: \w+){0,4}
you (?:keep|kept)(?: \w+){1,5}
(?:this|that|it) (?:is not|isnt)(?: \w+){1,3} (?:number|phone)
(?:i )?dont want (?:it|this|any|more|these)(?: any| more| anymore)*
(?:this is |its )(?:spam|annoying|harassment)
(?:вы )?(?:уже |мне )*(?:надоел\w*|достал\w*|задолбал\w*|заколебал\w*|замучил\w*)(?: \w+){0,4}
(?:я )?(?:не давала?|не подписывал\w*|не оставлял\w*|не соглашал\w*)(?: \w+){0,5}
(?:вы )?ошиблись(?: номером)?|не туда(?: попали)?|не тот номер
(?:я )?(?:больше )?не (?:ваш|ваша|являюсь) (?:\w+ ){0,2}(?:клиент\w*)
(?:мне )?(?:это )?(?:не интересно|неинтересно)|сколько можно
(?:ati gresit|numar gresit|gresit)(?: \w+){0,2}
(?:eu )?nu (?:mai )?(?:sunt|s) (?:client\w*|interesat\w*)(?: \w+){0,3}
nu ma intereseaza(?: \w+){0,2}
nu m am (?:abonat|inscris)(?: \w+){0,4}
(?:я )?не просил\w*(?: \w+){0,4}
(?:я )?больше не (?:надо|хочу|нужно)
nu mai (?:vreau|doresc)(?: nimic)?
m am saturat(?: \w+){0,4}
(?:asta )?e spam
"""

# --- cores that name what shall stop: English

_TEXTS = _one_line(
    """
    (?:(?:me|us|with|the|these|those|this|that|your|any|all|more|further|such|of|from|to|my|phone|other
    |stupid|annoying|automatic|automated|receiving|promotional|marketing|sms|text) ){0,4}(?:messages?
    |msgs?|texts?|txts?|sms|emails?|mails?|reminders?|notifications?|spam|ads?|adverts?|advertising
    |promos?|promotions?|newsletters?|mailings?|offers?|texting|messaging|anything|stuff|things|crap
    |communications?|correspondence)
    """
)
_SENDING = _one_line(
    """
    (?:sending|texting|messaging|msging|writing|mailing|emailing|spamming|contacting|bothering
    |disturbing|harassing|pestering|bugging|annoying|pinging)
    """
)
_SEND = "(?:send|text|txt|message|msg|write|mail|email|contact|spam)"
_OWN = _one_line(
    """
    (?:me|us|(?:my|this|our) (?:(?:phone|mobile|cell) )?(?:number|phone|contacts?|details|data)|number)
    """
)
_LISTS = _one_line(
    """
    (?:(?:the|your|this|that|all|any|sms|text|mailing|messaging|marketing|spam|contact|client
    |customer) ){0,3}(?:lists?|database|db|base|mailings?|system|records|contacts|messages|texts)
    """
)

ENGLISH = f"""
(?:stop|quit|cease|end|discontinue|halt)(?: with| w)?(?: the| this| your| all
    | it with)* {_SENDING}(?: {_TEXTS})?
(?:stop|end|cease|halt|enough|no more|no further|enough of|enough with|stop w|without|no) {_TEXTS}
(?:dont|do not|never|not to|please not|not)(?: ever| please| you| to)* {_SEND}(?: {_TEXTS})?
(?:dont|do not|never|not to)(?: ever| please)* (?:bother|disturb|harass) (?:me|us)
(?:dont|do not|no longer|not|never|didnt)(?: really| ever)? (?:want|wish|need|like|care|agree)(?: to
    | for)?(?: receive| get| have| see| be sent)? {_TEXTS}
(?:dont|do not|no longer|not)(?: ever)? (?:want|wish|like)(?: you)? to (?:be contacted|be texted
    |hear from you|receive|get texts|contact me|text me|message me)
(?:unsubscribe|unsubcribe|unsuscribe|unsub|opt|optout)(?: me| us)?(?: out)?(?: (?:from|of) {_LISTS}
    |(?: from| of)? {_TEXTS})?
(?:opting out|opt me out|opt us out)
(?:remove|delete|erase) {_OWN}(?: (?:off|from|out of|of) {_LISTS})?
(?:take|get|drop|strike|cross|remove|delete|exclude) {_OWN} (?:off|from|out of|of) {_LISTS}
leave (?:me|us) alone
lose (?:my|this) number
(?:mind not|consider not) {_SENDING}(?: {_TEXTS})?
{_TEXTS} (?:need to|have to|must|should) stop
make (?:it|this|them|these) stop
want (?:it|this|{_TEXTS}) to stop
stop (?:receiving|getting) {_TEXTS}
(?:turn off|switch off|disable|cancel|discontinue) {_TEXTS}
(?:i would |id |i )?(?:much )?rather not (?:receive|get|have) {_TEXTS}
(?:not|no longer) interested in (?:receiving |getting )?{_TEXTS}
want off (?:of )?{_LISTS}
(?:i would |id |i )?prefer not to (?:receive|get|have) {_TEXTS}
"""

# --- Russian

_LETTERS = _one_line(
    r"""
    (?:(?:мне|нам|меня|нас|уже|это|эти|эту|этот|этой|этих|эта|ваш|ваши|ваша|вашу|вашей|ваших|вашими
    |своей|свои|свою|своими|с|со|от|все|всю|всякие|всякую|всяких|больше|пожалуйста|никаких|никакие
    |никакую|никакой|любые|любых|любой|сюда|ненужные|ненужных|ваших|какие|либо) ){0,4}(?:сообщени\w*
    |смс\w*|эсэмэс\w*|рассыл\w+|спам\w*|реклам\w+|уведомлени\w*|напоминани\w*|письма|писем|промо\w*|sms
    |ничего|ерунд\w+|чушь|хрень|фигню)
    """
)
_TO_WRITE = _one_line(
    """
    (?:писать|слать|присылать|прислать|посылать|отправлять|отправить|высылать|спамить|рассылать
    |беспокоить|тревожить|доставать|надоедать|донимать|дёргать|названивать(?: и писать)?)
    """
)
_WRITE = _one_line(
    """
    (?:пиши|пишите|шли|шлите|присылай|присылайте|посылай|посылайте|отправляй|отправляйте|высылай
    |высылайте|спамь|спамьте|рассылай|рассылайте)
    """
)
_CEASE = _one_line(
    """
    (?:хватит|прекрати|прекратите|прекращай|прекращайте|прекратить|перестань|перестаньте|перестать
    |кончай|кончайте|завязывай|завязывайте|довольно|достаточно|бросьте|остановите|остановить|остановка
    |закончите|хорош|харе|прекращаем|стоп)
    """
)
_ME = "(?: (?:мне|нам|меня|нас|сюда|это|уже|больше))*"

RUSSIAN = f"""
{_CEASE}{_ME} {_TO_WRITE}(?: {_LETTERS})?
{_CEASE} {_LETTERS}
не(?: надо| нужно| стоит| следует| смейте| больше| мне| нам| ничего)* (?:{_WRITE}
    |{_TO_WRITE})(?: {_LETTERS})?
не(?: надо| нужно| смейте| больше)* (?:меня |нас )?(?:беспокой|беспокойте|беспокоить|тревожь|тревожьте
    |тревожить|доставай|доставайте|дёргайте|донимайте)(?: меня| нас)?
не (?:хочу|хотим|желаю|желаем|хотела бы|хотел бы|хотелось бы|согласна|согласен|буду)(?: больше| на)?
    (?: получать| видеть| читать| принимать)? {_LETTERS}
не (?:хочу|хотим|желаю|хотела бы|хотел бы)(?: больше| от вас| ничего| никаких)* получать
(?:удалите|удалить|уберите|убрать|исключите|исключить|снимите|отпишите)(?: пожалуйста)? (?:из|с
    |от)(?: вашей| вашего| ваших| этой| всех)? (?:базы|списка рассылки|списка|списков|рассылки|рассылок)
не (?:нужны|нужна|нужен|нужно|надо|требуется|требуются) {_LETTERS}
{_LETTERS}(?: мне| нам)?(?: больше)? не (?:нужны|нужна|нужен|нужно|надо)
(?:отписаться|отписываюсь|отписываемся|отписка)(?: меня)?(?: от)?(?: вас| {_LETTERS}| вашего салона)?
(?:отпиши|отпишите|отписать) (?:меня|нас|мой номер|этот номер)(?: от)?(?: вас| {_LETTERS})?
(?:отпиши|отпишите|отписать|отпишусь) от (?:вас|{_LETTERS})
(?:удали|удалите|удалить|убери|уберите|убрать|исключи|исключите|исключить|вычеркни|вычеркните|сотрите
    |снимите) (?:меня|нас|(?:мой |этот |наш |мои )?(?:номер|телефон|контакт|контакты
    |данные)(?: телефона)?)(?: (?:из|с|со|от)(?: вашей| вашего| ваших| этой| этого| своей
    | всех)? (?:базы|списка|списков|рассылки|рассылок|контактов|системы|клиентов)(?: данных| рассылки
    | рассылок| клиентов)?)?
(?:отключи|отключите|отключить|отмените|отменить|выключите|откажусь от|отказаться от|отказываюсь от
    |отказ от|запрещаю|без|против|никаких|никакой) {_LETTERS}
(?:отключите|отмените|отменить)(?: мне| мою)? подписку
оставь(?:те)? (?:меня|нас) в покое
отстань(?:те)? от (?:меня|нас)
"""
RUSSIAN += r"""
(?:bolshe )?ne(?: nado| nuzhno| nujno)?(?: mne)?(?: bolshe)? (?:pishi|pishite|pisat|prisyla\w+
    |prisila\w+|shli|shlite|slat|otpravly?a\w+)(?: mne)?(?: bolshe)?(?: sms| soobshenia| soobsheniya
    | soobsh?cheniya)?
(?:hvatit|xvatit|khvatit|prekratite|perestante)(?: mne)? (?:pisat|slat|spamit|prisylat|prisilat|sms
    |spam)(?: mne)?(?: sms)?
(?:otpishi|otpishite)(?: menya| mena| menia)(?: ot rass?ylki)?
otstante ot menya
"""

# --- Romanian

_MESAJE = _one_line(
    r"""
    (?:(?:de|cu|la|voastre|dvs|dumneavoastra|astea|acestea|aceste|alte|toate|niste|nici|un|niciun
    |atatea|mie|tot|nimic|si) ){0,4}(?:mesaj\w*|sms(?: uri| urile| ul)?|smsuri\w*|reclam\w*
    |spam(?: ul)?|spamul|notificari\w*|reamintiri\w*|ofert\w*|promotii\w*|emailuri\w*|mailuri\w*
    |newsletter)
    """
)
_TRIMITE = _one_line(
    """
    (?:trimite|trimiteti|trimit|trimiti|scrie|scrieti|scriti|scrii|contacta|contactati|contactezi
    |deranja|deranjati|deranjezi|spamati|bombardati|agasati)
    """
)
_IMI = "(?: (?:imi|mi|ma|ne|ni|mai|le))*"

ROMANIAN = f"""
nu{_IMI} {_TRIMITE}(?: {_MESAJE})?
(?:nu|n) (?:mai )?(?:as (?:mai )?)?(?:vreau|vreu|vrea|vrem|doresc|dori|dorim|accept|acceptam)(?: sa
    | a)?(?: mai)?(?: primesc| primim| primi)? {_MESAJE}
nu (?:mai )?(?:vreau|vrem|doresc|dorim) sa (?:mai )?(?:primesc|primim)
nu (?:mai )?(?:vreau|vrem|doresc|dorim|permit)(?: sa)? (?:mai )?(?:fiu|sa fiu) (?:contactata?
    |deranjata?|sunata?)
nu (?:va |iti )?(?:mai )?(?:permit|dau voie|dau acordul) sa{_IMI} {_TRIMITE}(?: {_MESAJE})?
nu (?:mai )?(?:vreau|vrem|doresc|dorim) sa{_IMI} {_TRIMITE}(?: {_MESAJE})?
sa nu (?:mai )?primesc {_MESAJE}
nu (?:mai )?sunt de acord (?:cu|sa primesc|sa mai primesc) {_MESAJE}
nu (?:mai )?am nevoie {_MESAJE}
nu (?:imi|mi) (?:mai )?trebuie {_MESAJE}
(?:opriti|opreste|opri|stopati|stopeaza|incetati|inceteaza|terminati|termina|gata|ajunge|destul|stop
    |fara|refuz|dezactivati|dezactiveaza|niciun|nici un|renunt)(?: va| te| odata| sa primesc
    | sa mai primesc)?(?: trimiterea| trimiterile| din trimis| sa trimiteti)? {_MESAJE}
(?:opriti|incetati|inceteaza|terminati|renuntati|stopati)(?: va)? sa{_IMI} {_TRIMITE}(?: {_MESAJE})?
(?:ma |ne )?(?:dezabona|dezabonare|dezabonarea|dezabonati|dezaboneaza|dezabonez|dezabonam)(?: ma| ne
    | mi| numarul)?(?: {_MESAJE})?
(?:anulati|anuleaza|renunt la|opriti)(?: mi)? (?:abonarea|abonare|abonamentul) {_MESAJE}
renunt la abonare
(?:scoateti|scoate|eliminati|elimina|stergeti|sterge)(?: ma| ne| mi)?(?: numarul meu| numarul
    | telefonul meu| acest numar)? (?:din|de pe|de la|dintre)(?: lista| listele| baza| contacte
    | evidenta)(?: de date| de mesaje| voastra| dvs| de clienti)*
(?:stergeti|sterge|scoateti|eliminati)(?: mi)? (?:numarul|numarul meu|telefonul meu|acest numar
    |datele mele)
(?:lasati|lasa) (?:ma|ne) in pace
"""
