"""Invented people: first names and surnames as they are written in Chisinau, Moscow and New York.

In Russian a surname follows its bearer's sex: SURNAMES["ru"] has pairs (hers, his)."""

WOMEN = {
    "ru": (
        "Анна", "Мария", "Елена", "Ольга", "Наталья", "Татьяна", "Ирина", "Светлана", "Екатерина", "Юлия",
        "Анастасия", "Дарья", "Алина", "Виктория", "Ксения", "Полина", "Вера", "Надежда", "Марина", "Софья",
        "Людмила", "Галина", "Евгения", "Кристина", "Алёна", "Диана", "Лариса", "Инна", "Жанна", "Варвара",
    ),
    "ro": (
        "Maria", "Ana", "Elena", "Cristina", "Daniela", "Ioana", "Andreea", "Mihaela", "Doina", "Natalia",
        "Tatiana", "Olga", "Corina", "Diana", "Alina", "Valentina", "Aliona", "Lilia", "Silvia", "Rodica",
        "Iulia", "Angela", "Veronica", "Ludmila", "Ștefania", "Nadejda", "Viorica", "Irina", "Otilia", "Zina",
    ),
    "en": (
        "Emma", "Olivia", "Ava", "Sophia", "Isabella", "Mia", "Charlotte", "Amelia", "Harper", "Evelyn",
        "Abigail", "Emily", "Ella", "Madison", "Grace", "Chloe", "Hannah", "Leah", "Nora", "Zoe",
        "Naomi", "Jasmine", "Alexis", "Brianna", "Vanessa", "Rachel", "Megan", "Lauren", "Tara", "Yasmin",
    ),
}  # fmt: skip

MEN = {
    "ru": ("Иван", "Сергей", "Алексей", "Дмитрий", "Андрей", "Максим", "Павел", "Артём", "Никита", "Роман"),
    "ro": ("Ion", "Andrei", "Vasile", "Mihai", "Sergiu", "Nicolae", "Vlad", "Dumitru", "Radu", "Petru"),
    "en": ("James", "Liam", "Noah", "Ethan", "Lucas", "Henry", "Jack", "Owen", "Caleb", "Marcus"),
}

SURNAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "ru": (
        ("Иванова", "Иванов"), ("Смирнова", "Смирнов"), ("Кузнецова", "Кузнецов"), ("Попова", "Попов"),
        ("Соколова", "Соколов"), ("Лебедева", "Лебедев"), ("Козлова", "Козлов"), ("Новикова", "Новиков"),
        ("Морозова", "Морозов"), ("Волкова", "Волков"), ("Соловьёва", "Соловьёв"), ("Зайцева", "Зайцев"),
        ("Павлова", "Павлов"), ("Беляева", "Беляев"), ("Орлова", "Орлов"), ("Киселёва", "Киселёв"),
        ("Макарова", "Макаров"), ("Захарова", "Захаров"), ("Борисова", "Борисов"), ("Королёва", "Королёв"),
        ("Полякова", "Поляков"), ("Ковальчук", "Ковальчук"), ("Шевченко", "Шевченко"), ("Бондарь", "Бондарь"),
    ),
    "ro": tuple(
        (name, name) for name in (
            "Rusu", "Popescu", "Ceban", "Ciobanu", "Moraru", "Munteanu", "Lungu", "Botnaru", "Cojocaru",
            "Rotaru", "Țurcanu", "Sîrbu", "Guțu", "Cebotari", "Balan", "Grosu", "Vieru", "Negru", "Codreanu",
            "Albu", "Bivol", "Railean", "Postolachi", "Melnic",
        )
    ),
    "en": tuple(
        (name, name) for name in (
            "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez",
            "Martinez", "Lopez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Lee", "Perez",
            "Thompson", "White", "Harris", "Clark", "Robinson",
        )
    ),
}  # fmt: skip
